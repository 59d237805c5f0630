"""Channels of gRPC as it makes them, but for its proxy: those of the SDK are told the same."""

import grpc

from tests.support import doors

#: Whoever runs the tests may have a proxy in the environment, which does not know this machine's servers.
NO_PROXY = ("grpc.enable_http_proxy", 0)


def plain_channel(target: str, **options: int) -> grpc.aio.Channel:
    """Return a channel in the clear; one with another option has another connection.

    It goes through the door of the run.
    """
    if doors.IS_WEB:
        return doors.web_channel(target)
    more = [(f"tests.{name}", value) for name, value in options.items()]
    return grpc.aio.insecure_channel(target, options=[NO_PROXY, *more])
