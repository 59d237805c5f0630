"""Channels of gRPC as it makes them, but for its proxy: those of the SDK are told the same."""

import grpc

#: Whoever runs the tests may have a proxy in the environment, which does not know this machine's servers.
NO_PROXY = ("grpc.enable_http_proxy", 0)


def plain_channel(target: str, **options: int) -> grpc.aio.Channel:
    """Return a channel in the clear; one with another option has another connection."""
    more = [(f"tests.{name}", value) for name, value in options.items()]
    return grpc.aio.insecure_channel(target, options=[NO_PROXY, *more])
