"""The protocol of gRPC on an exchange of HTTP ("gRPC over HTTP2"): knows no sockets, frames or services."""
