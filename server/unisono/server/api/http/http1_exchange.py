"""One request of HTTP/1.1 as an exchange."""

import asyncio
from typing import TYPE_CHECKING, Final

import h11

from unisono.server.api.http.body import Body
from unisono.server.api.http.exchange import ClientGone, Headers
from unisono.server.model.client_certificate import ClientCertificate

if TYPE_CHECKING:
    from unisono.server.api.http.http1_connection import Http1Connection

_BODILESS: Final = frozenset((204, 304))


class Http1Exchange:
    """Fed by its connection. A response without a content-length is chunked, or ends with its socket."""

    __slots__ = (
        "_connection",
        "_drops_body",
        "_has_trailers",
        "_request",
        "_responded",
        "body",
        "is_over",
        "task",
    )

    version: Final = "1.1"

    def __init__(self, connection: "Http1Connection", request: h11.Request) -> None:
        self._connection: Final = connection
        self._request: Final = request
        self._responded = False
        self._drops_body = request.method == b"HEAD"
        self._has_trailers = False
        self.body: Final = Body(connection.serving.loop, ended=False)
        self.is_over = False
        self.task: asyncio.Task[None] | None = None

    @property
    def method(self) -> bytes:
        """See `Exchange`."""
        return self._request.method

    @property
    def path(self) -> bytes:
        """See `Exchange`."""
        return _path(self._request.target)

    @property
    def authority(self) -> bytes:
        """See `Exchange`."""
        named = _authority(self._request.target)
        return named or next((value for name, value in self._request.headers if name == b"host"), b"")

    @property
    def headers(self) -> Headers:
        """See `Exchange`."""
        return tuple(self._request.headers)

    @property
    def peer(self) -> str:
        """See `Exchange`."""
        return self._connection.peer_of(self.headers)

    @property
    def is_proxied(self) -> bool:
        """See `Exchange`."""
        return self._connection.is_proxied(self.headers)

    @property
    def client_certificate(self) -> ClientCertificate | None:
        """See `Exchange`."""
        return self._connection.certificate_of(self.headers)

    def known(self) -> None:
        """See `Exchange`."""
        self._connection.known()

    async def read(self) -> bytes:
        """See `Exchange`."""
        self._connection.ask_for_body()
        data, _ = await self.body.read()
        self._connection.read_on()
        return data

    def respond(self, status: int, headers: Headers, *, end: bool = False) -> None:
        """See `Exchange`."""
        if self.is_over:
            return
        has_length = any(name == b"content-length" for name, _ in headers)
        self._responded = True
        self._drops_body = self._drops_body or status in _BODILESS
        self._has_trailers = not (has_length or self._drops_body or self._request.http_version < b"1.1")
        if end and not has_length and not self._drops_body:
            headers, self._has_trailers = (*headers, (b"content-length", b"0")), False
        self._connection.respond(status, headers)
        if end:
            self.finish()

    async def write(self, data: bytes) -> None:
        """See `Exchange`."""
        connection = self._connection
        if connection.closing:
            raise ClientGone
        if self.is_over or self._drops_body or not data:
            return
        connection.send(h11.Data(data=data))
        connection.flush()
        await connection.room()
        if connection.closing:
            raise ClientGone

    def finish(self, trailers: Headers = ()) -> None:
        """See `Exchange`."""
        if self.is_over:
            return
        self._connection.send(h11.EndOfMessage(headers=list(trailers) if self._has_trailers else []))
        self.is_over = True
        self._connection.ended()

    def reset(self) -> None:
        """See `Exchange`: before the response has begun, the client gets a 500."""
        if self.is_over:
            return
        self.is_over = True
        if self._responded:
            self._connection.abort()
        else:
            self._connection.refuse(500, "the request failed")

    def handled(self) -> None:
        """See `Ending`. A task that was cancelled would hold all of this, and this the task."""
        self.reset()
        self.task = None

    def drop(self) -> None:
        """Know that the client is gone, or that it broke the rules: who handles it is cancelled."""
        was_over, self.is_over = self.is_over, True
        self.body.lose()
        if not was_over and self.task is not None:
            self.task.cancel()


def _path(target: bytes) -> bytes:
    """Return the path of a target, which may be a whole URI (RFC 9112, section 3.2.2)."""
    return b"/" + _rest(target).partition(b"/")[2] if _is_whole(target) else target


def _authority(target: bytes) -> bytes:
    """Return the authority of a target that is a whole URI: it counts more than the header "host"."""
    return _rest(target).partition(b"/")[0] if _is_whole(target) else b""


def _is_whole(target: bytes) -> bool:
    scheme, found, _ = target.partition(b"://")
    return bool(found) and scheme.isalpha()


def _rest(target: bytes) -> bytes:
    return target.partition(b"://")[2]
