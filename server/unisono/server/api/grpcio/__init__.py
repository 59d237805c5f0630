"""grpcio's server as a transport."""
