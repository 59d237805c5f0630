"""The empty server: what grpcio takes for calls and streams that carry the same bytes and do nothing."""
