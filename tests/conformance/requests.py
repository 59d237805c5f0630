"""What handlers of the conformance service see of a request, and can add to its response, by any protocol."""

from base64 import b64encode
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import parse_qsl

from tests.conformance import protos
from tests.support.more_headers import WithHeaders
from unisono.server.api.call import Call
from unisono.server.api.grpc import timeout
from unisono.server.api.http.exchange import Exchange, Header

Pair = tuple[str, str | bytes]


class Request:
    """A request of HTTP, of which a `Call` does not tell all that the suite asks for.

    `exchange` is to be handled in its place; `headers` are added to its response.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.headers: Final[list[Header]] = []
        self.exchange: Final = WithHeaders(exchange, self.headers)
        self._timeout_ms = _timeout_ms(exchange)
        self._query = exchange.path.partition(b"?")[2].decode() if exchange.method == b"GET" else None

    def info(self, call: Call, message: Any) -> Any:
        """Return the message `RequestInfo` for the one request of a call."""
        info = protos.message("ConformancePayload").RequestInfo(timeout_ms=self._timeout_ms)
        info.request_headers.extend(_headers(call.metadata))
        info.requests.add().Pack(message)
        if self._query is not None:
            info.connect_get_info.query_params.extend(_headers(parse_qsl(self._query)))
        return info


CURRENT: Final[ContextVar[Request]] = ContextVar("current")
"""The request that a task handles."""


def pairs(headers: Iterable[Any]) -> list[tuple[str, str]]:
    """Return the values of messages `Header`, each with its name."""
    return [(header.name.lower(), value) for header in headers for value in header.value]


def _headers(entries: Iterable[Pair]) -> Iterable[Any]:
    values: dict[str, list[str]] = {}
    for name, value in entries:
        text = value if isinstance(value, str) else b64encode(value).rstrip(b"=").decode()
        values.setdefault(name, []).append(text)
    return [protos.message("Header")(name=name, value=values) for name, values in values.items()]


def _timeout_ms(exchange: Exchange) -> int | None:
    for name, value in exchange.headers:
        if name == b"grpc-timeout":
            return round(timeout.seconds(value) * 1000)
        if name == b"connect-timeout-ms":
            return int(value)
    return None
