"""One request of HTTP and its response, whatever version carries it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeAlias

from unisono.server.model.client_certificate import ClientCertificate

Header: TypeAlias = tuple[bytes, bytes]
Headers: TypeAlias = Sequence[Header]


class ClientGone(Exception):
    """The client reset the request, or its connection broke: there is nobody to answer."""


class Exchange(Protocol):
    """A request whose headers are there, and its response.

    Where the client resets it, the task that handles it is cancelled; so it is when the listener gives up.
    What is done to a response that is over does nothing, but `write`.
    """

    @property
    def method(self) -> bytes:
        """Such as b"POST"."""

    @property
    def path(self) -> bytes:
        """The path with its query."""

    @property
    def authority(self) -> bytes:
        """The host that the client means, and its port where it says one; empty where it says neither.

        It may be gone once the response has begun.
        """

    @property
    def headers(self) -> Headers:
        """All headers of the request but the pseudo-headers of HTTP/2, their names in lower case.

        They may be gone once the response has begun: an open stream is not to keep them.
        """

    @property
    def version(self) -> str:
        """The version of HTTP, 2 or 1.1."""

    @property
    def peer(self) -> str:
        """Who sent it: "ipv4:ADDRESS:PORT", "ipv6:[ADDRESS]:PORT" or "unix:".

        The port may be missing where a proxy says who it is.
        """

    @property
    def is_proxied(self) -> bool:
        """Whether a trusted proxy says who sent it. Ask before the response has begun."""

    @property
    def client_certificate(self) -> ClientCertificate | None:
        """The certificate that the client has shown, and that is trusted; None without."""

    def known(self) -> None:
        """Know that who sent it has shown who he is, by whatever means."""

    async def read(self) -> bytes:
        """Return the next part of the body, empty at its end. Raises `ClientGone`.

        What is read makes room for more: what is not read is bounded by a window.
        """

    def respond(self, status: int, headers: Headers, *, end: bool = False) -> None:
        """Send the headers of the response, once; with `end` it has no body."""

    async def write(self, data: bytes) -> None:
        """Send a part of the body; what answers HEAD is dropped. Raises `ClientGone`.

        Waits while too much waits to be sent.
        """

    def finish(self, trailers: Headers = ()) -> None:
        """End the response. A body of the request that goes on is refused from then on.

        HTTP/1.1 has room for trailers only after a body without a content-length; others are dropped.
        """

    def reset(self) -> None:
        """End the response at once, and unfinished."""


Handle: TypeAlias = Callable[[Exchange], Awaitable[None]]
"""Handles an exchange, from its headers to its end. Its task is cancelled when the client is gone."""
