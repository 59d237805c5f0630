"""An exchange whose response has further headers: initial metadata, which Unisono never sends by itself."""

from collections.abc import Sequence

from unisono.server.api.grpc.responses import CONTENT_TYPE
from unisono.server.api.http.exchange import Exchange, Header, Headers


class WithHeaders:
    """See `Exchange`. `more` are the headers that are added once the response begins."""

    def __init__(self, exchange: Exchange, more: Sequence[Header]) -> None:
        self._exchange = exchange
        self._more = more
        self.method, self.path, self.headers = exchange.method, exchange.path, exchange.headers
        self.version, self.peer, self.authority = exchange.version, exchange.peer, exchange.authority
        self.is_proxied = exchange.is_proxied
        self.client_certificate = exchange.client_certificate
        self.read, self.write, self.known = exchange.read, exchange.write, exchange.known
        self.finish, self.reset = exchange.finish, exchange.reset

    def respond(self, status: int, headers: Headers, *, end: bool = False) -> None:
        """See `Exchange.respond`. What gRPC ends by its trailers alone has headers before them instead."""
        if end and self._more and headers[0] == CONTENT_TYPE:
            self._exchange.respond(status, (CONTENT_TYPE, *self._more))
            self._exchange.finish(headers[1:])
        else:
            self._exchange.respond(status, (*headers, *self._more), end=end)
