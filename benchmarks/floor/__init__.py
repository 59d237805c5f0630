"""The empty server, which shows what grpcio takes for calls and streams that carry as many bytes."""
