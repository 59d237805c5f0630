"""The empty server, which shows what grpcio's server takes for calls and streams that carry as many bytes."""
