"""The gRPC server: authenticates calls, reads and validates requests, and encodes responses and errors."""
