"""HTTP on sockets of our own: one port for every client. Knows nothing of gRPC, of services and of tokens."""
