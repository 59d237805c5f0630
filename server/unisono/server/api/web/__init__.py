"""The web door: Connect, gRPC-Web and JSON on an exchange of HTTP, and what else is asked for."""
