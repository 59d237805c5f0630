"""Reads the headers of a call, in one pass: they are most of what a small call costs."""

from typing import Final, NamedTuple

from unisono.server.api.grpc import timeout
from unisono.server.api.http.exchange import Headers
from unisono.server.api.rpc import metadata
from unisono.server.api.rpc.envelopes import IDENTITY

_OF_THE_PROTOCOL: Final = b"grpc-"


class MalformedCall(Exception):
    """The headers of a call break the protocol; the message says which."""


class CallHead(NamedTuple):
    """What the headers of a call say. `seconds` is None where the client waits for ever.

    `metadata` are the other headers, without those that the protocol reserves.
    """

    seconds: float | None
    encoding: bytes
    metadata: tuple[tuple[str, str | bytes], ...]


def content_type(headers: Headers) -> bytes:
    """Return the media type of a request in lower case, without its parameters; empty where it has none."""
    for name, value in headers:
        if name == b"content-type":
            return value.partition(b";")[0].strip().lower()
    return b""


def call_head(headers: Headers, *, with_trailers: bool = True) -> CallHead:
    """Return what the headers of a call say. Raises `MalformedCall`.

    `with_trailers` is for who has to say that trailers reach it, which those of gRPC-Web do not.
    """
    seconds, encoding, trailers = None, IDENTITY, False
    entries: list[tuple[str, str | bytes]] = []
    try:
        for name, value in headers:
            if name == b"te":
                trailers = value == b"trailers"
            elif name == b"grpc-timeout":
                seconds = timeout.seconds(value)
            elif name == b"grpc-encoding":
                encoding = value
            elif name != b"content-type" and not name.startswith(_OF_THE_PROTOCOL):
                entries.extend(metadata.received(name, value))
    except ValueError as error:
        raise MalformedCall(str(error)) from None
    if with_trailers and not trailers:
        # By this clients find out proxies that would lose the status.
        raise MalformedCall('the header "te: trailers" is missing')
    return CallHead(seconds, encoding, tuple(entries))
