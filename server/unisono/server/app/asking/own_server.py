"""Calls the server that the same settings run on this machine, for commands that have to ask it.

Knows where it listens and which certificate it shows, and nothing of what is asked.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from unisono.server.config import Settings
from unisono.server.config.address import Address

if TYPE_CHECKING:
    import grpc

Metadata = Sequence[tuple[str, str]]

_ANSWERED: Final = "x-request-id"
"""What the trailers of a call have that reached the service itself, and no call that did not."""


class OwnServerError(Exception):
    """The server did not answer, or refused; the message is for the operator, `code` is gRPC's."""

    def __init__(self, message: str, code: str = "UNAVAILABLE") -> None:
        super().__init__(message)
        self.code = code


class OwnServer:
    """The server on the other end of a channel. `name` is its address, for people."""

    def __init__(self, channel: "grpc.Channel", name: str) -> None:
        self._channel = channel
        self._name = name

    def call(self, method: str, request: bytes, *, timeout: float, metadata: Metadata = ()) -> bytes:
        """Return the answer of a method with one response, such as `grpc.health.v1.Health/Check`, encoded.

        Raises `OwnServerError`, also where there is no answer within `timeout` seconds.
        """
        import grpc

        ask: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(f"/{method}")
        try:
            answer, _ = ask.with_call(request, timeout=timeout, metadata=tuple(metadata))
        except grpc.RpcError as error:
            raise self._error(error) from error
        return bytes(answer)

    def _error(self, error: "grpc.RpcError") -> OwnServerError:
        code, details = error.code().name, error.details() or "no reason was given"
        if _ANSWERED in {one.key for one in error.trailing_metadata() or ()}:
            return OwnServerError(details, code)
        return OwnServerError(f"the server at {self._name} does not answer: {details}", code)


@contextmanager
def own_server(settings: Settings) -> Iterator[OwnServer]:
    """Connect to the server of these settings: at its address on this machine, by its own certificate.

    Raises `OwnServerError` where the settings do not say how to reach it.
    """
    # gRPC reads this when it is imported, and writes lines of its own about each connection that fails.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    import grpc

    options: list[tuple[str, str | int]] = [("grpc.enable_http_proxy", 0)]
    with _target(settings) as target:
        if settings.tls_certificate is None:
            channel = grpc.insecure_channel(target, options)
        else:
            from unisono.server.app.asking.own_certificate import own_certificate

            pem, name = own_certificate(settings.tls_certificate)
            options.append(("grpc.ssl_target_name_override", name))
            channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(pem), options)
        with channel:
            yield OwnServer(channel, settings.listen)


def _target(settings: Settings) -> AbstractContextManager[str]:
    """Return where this machine reaches the server, for gRPC: at a loopback address, if at any."""
    address = Address.parse(settings.listen)
    if not address.path and address.port == 0:
        raise OwnServerError(
            f"nobody knows which port the server took: listen = {settings.listen} leaves it open"
        )
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host)  # noqa: S104
    reached = replace(address, host=host)
    if not settings.proxy_protocol:
        return nullcontext(reached.at(address.port))
    from unisono.server.app.asking.proxy_header import passing_proxy_header

    return passing_proxy_header(reached, settings.trusted_proxies)
