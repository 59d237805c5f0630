"""The wire: gRPC and the messages of `unisono.v1`, which nothing below knows."""
