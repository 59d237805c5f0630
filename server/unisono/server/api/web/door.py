"""The door for browsers, curl and all that speaks no gRPC: hands each exchange to what answers it."""

from collections.abc import Callable
from typing import Final

from unisono.server.api.grpc.request import content_type
from unisono.server.api.http.exchange import Exchange, Header, Headers
from unisono.server.api.rpc.methods import Method, MethodTable
from unisono.server.api.web import plain
from unisono.server.api.web.call import NO_STORE
from unisono.server.api.web.calls import KINDS, Handling, asked, posted
from unisono.server.api.web.hosts import Hosts
from unisono.server.api.web.origins import Origins
from unisono.server.api.web.page import Page
from unisono.server.api.web.urls import has_token

HEALTH: Final = b"/healthz"

_ACCEPTED: Final[Header] = (b"accept-post", b", ".join(KINDS))
_NO_TYPE: Final = b"This method takes no such content type.\n"
_VERSION: Final = b"This is gRPC, which takes HTTP/2.\n"
_POST: Final = b"This method takes POST.\n"
_GET: Final = b"This takes GET.\n"
_NOTHING: Final = b"There is nothing here: this is Unisono, a notification service.\n"
_HOST: Final = (
    b"With --dev this answers to localhost and addresses alone, so that no other site passes for it.\n"
)
_TOKEN: Final = (
    b'Access tokens do not belong in URLs, which are logged. Send "authorization: Bearer TOKEN".\n'
)
_LINE: Final = b"This is Unisono, a notification service: it speaks gRPC, Connect, gRPC-Web and JSON.\n"


class WebDoor:
    """Handles exchanges, all but gRPC's."""

    def __init__(
        self,
        methods: MethodTable,
        unknown: Method | None,
        origins: Origins,
        is_serving: Callable[[], bool],
        *,
        hosts: Hosts | None = None,
        page: Page | None = None,
    ) -> None:
        """`unknown` answers for methods that do not exist; None where all calls are gRPC's.

        `is_serving` says what who asks for the health is told. `hosts` are those that requests may mean, None
        for any. `page` is shown at "/".
        """
        self._methods: Final = methods
        self._unknown: Final = unknown
        self._origins: Final = origins
        self._is_serving: Final = is_serving
        self._hosts: Final = hosts
        self._page: Final = page

    def handle(self, exchange: Exchange) -> Handling:
        """Return what handles an exchange, from its headers to its end."""
        if self._hosts is not None and exchange.authority not in self._hosts:
            return plain.say(exchange, 403, _HOST, NO_STORE)
        if exchange.method == b"OPTIONS":
            return self._origins.preflight(exchange)
        path, _, query = exchange.path.partition(b"?")
        leading = (*NO_STORE, *self._origins.headers(exchange.headers))
        if has_token(query):
            return plain.say(exchange, 400, _TOKEN, leading)
        return self._call(exchange, path, query, leading) or self._place(exchange, path, leading)

    def _call(
        self, exchange: Exchange, path: bytes, query: bytes, leading: tuple[Header, ...]
    ) -> Handling | None:
        """Answer for what is a method; None for what is none."""
        method = self._methods.get(path)
        if exchange.method == b"POST":
            kind = content_type(exchange.headers)
            if method is None and path.count(b"/") == 2:
                method = self._unknown
            if method is not None:
                return posted(exchange, method, kind, leading) or _no_such_type(exchange, kind, leading)
        elif method is not None and exchange.method == b"GET" and method.only_reads:
            return asked(exchange, method, query, leading) or plain.say(exchange, 415, _NO_TYPE, leading)
        elif method is not None:
            allow = b"GET, POST" if method.only_reads else b"POST"
            return plain.say(exchange, 405, _POST, (*leading, (b"allow", allow)))
        return None

    def _place(self, exchange: Exchange, path: bytes, leading: tuple[Header, ...]) -> Handling:
        """Answer for what is no method."""
        if path not in (b"/", HEALTH):
            return plain.say(exchange, 404, _NOTHING, leading)
        if exchange.method not in (b"GET", b"HEAD"):
            return plain.say(exchange, 405, _GET, (*leading, (b"allow", b"GET, HEAD")))
        if path == b"/" and self._page is not None and self._page.is_for(exchange):
            return self._page.answer(exchange)
        if path == b"/":
            return plain.say(exchange, 200, _LINE, leading)
        if self._is_serving():
            return plain.say(exchange, 200, b"SERVING\n", leading)
        return plain.say(exchange, 503, b"NOT_SERVING\n", leading)


def _no_such_type(exchange: Exchange, kind: bytes, leading: Headers) -> Handling:
    if kind.startswith(b"application/grpc") and exchange.version != "2":
        return plain.say(exchange, 505, _VERSION, leading)
    return plain.say(exchange, 415, _NO_TYPE, (*leading, _ACCEPTED))
