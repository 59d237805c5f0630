"""A request of a hook on an exchange of HTTP: `unisono.server.api.call.Call`.

Its answer has a status of HTTP that says whether to try again, and JSON for who looks.
"""

import json
from typing import ClassVar, Final

import grpc

from unisono.server.api.auth import REQUEST_ID_KEY
from unisono.server.api.http.exchange import Exchange, Header
from unisono.server.api.rpc.call import ExchangeCall, Trailing
from unisono.server.api.web.call import NO_STORE
from unisono.server.api.web.codes import CODES
from unisono.server.api.web.errors import error_headers, error_object
from unisono.server.errors import Reason

_JSON: Final[Header] = (b"content-type", b"application/json")


class HookCall(ExchangeCall):
    """Its request is the body, and its response is JSON."""

    __slots__ = ("_response",)

    transport: ClassVar = "hook"

    def __init__(self, exchange: Exchange) -> None:
        metadata = tuple((name.decode("latin-1"), _text(value)) for name, value in exchange.headers)
        super().__init__(exchange, metadata, gzip=False)
        self._response = b""

    async def _next(self, limit: int) -> bytes | None:
        return await self._whole(limit)

    def _begin(self) -> None:
        """Headers come with the end."""

    async def _send(self, response: bytes) -> None:
        self._response = response

    async def _succeed(self, trailing: Trailing) -> None:
        await self._answer(200, self._response, trailing)

    async def _fail(self, code: grpc.StatusCode, message: str, trailing: Trailing) -> None:
        error = error_object(code, message, trailing)
        is_large = any(_reason(detail) == Reason.REQUEST_TOO_LARGE for detail in error.get("details", ()))
        # Where others have only a code, HTTP can say that it is of no use to send that again.
        status = 413 if is_large else CODES[code].status
        body = json.dumps(error, ensure_ascii=False).encode()
        await self._answer(status, body, trailing, *error_headers(code, trailing))

    async def _answer(self, status: int, body: bytes, trailing: Trailing, *more: Header) -> None:
        ids = ((key.encode(), str(text).encode()) for key, text in trailing if key == REQUEST_ID_KEY)
        length = (b"content-length", b"%d" % len(body))
        self._exchange.respond(status, (*NO_STORE, _JSON, length, *ids, *more))
        await self._exchange.write(body)
        self._exchange.finish()


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _reason(detail: dict[str, dict[str, str]]) -> str:
    return detail.get("debug", {}).get("reason", "")
