"""Streams for programs without a stub: lines of JSON, or Server-Sent Events (HTML standard, section 9.2)."""

import json
from typing import Any, Final, cast

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor

from unisono.server.api.http.exchange import Exchange, Header, Headers
from unisono.server.api.rpc.call import Trailing
from unisono.server.api.rpc.codec import Codec
from unisono.server.api.rpc.json_codec import JsonCodec
from unisono.server.api.web.call import UNBUFFERED
from unisono.server.api.web.errors import error_object
from unisono.server.api.web.head import WebHead
from unisono.server.api.web.unary import UnaryCall
from unisono.server.errors import InvalidRequest, Violation

NDJSON: Final = b"application/x-ndjson"
EVENT_STREAM: Final = b"text/event-stream"

LAST_EVENT_ID: Final = "last-event-id"

_TOKEN: Final = "resume_token"
"""The field by which a stream goes on, in requests and in responses."""


class LinesCall(UnaryCall):
    """Asked as a method with one response, with its request as the body, and answered by many.

    Before the first of them an error is one as of any other method; after it, it is the last line.
    """

    __slots__ = ()

    kind: Header = (b"content-type", NDJSON)

    def _begin(self) -> None:
        self._respond(200, (self.kind, UNBUFFERED))

    async def _send(self, response: bytes) -> None:
        await self._exchange.write(response + b"\n")

    async def _fail(self, code: grpc.StatusCode, message: str, trailing: Trailing) -> None:
        if not self._responding:
            await super()._fail(code, message, trailing)
            return
        await self._send_error(error_object(code, message, trailing))
        self._exchange.finish()

    async def _succeed(self, trailing: Trailing) -> None:
        if not self._responding:
            self._begin()
        self._exchange.finish()

    async def _send_error(self, error: dict[str, Any]) -> None:
        await self._exchange.write(json.dumps({"error": error}, ensure_ascii=False).encode() + b"\n")


class EventsCall(LinesCall):
    """Each message is an event: its name is that of the field that it is about, its id the resume token.

    The header `Last-Event-ID` goes before what the request says of where to begin.
    """

    __slots__ = ("_last_event_id", "_names", "_request")

    kind: Header = (b"content-type", EVENT_STREAM)

    def __init__(
        self, exchange: Exchange, head: WebHead, leading: Headers, codec: Codec | None, *, json: JsonCodec
    ) -> None:
        """`json` is the codec of the method."""
        super().__init__(exchange, head, leading, codec)
        self._request = json.request
        self._names = _names(cast("Descriptor", json.response.DESCRIPTOR))
        self._last_event_id = next((value for key, value in head.metadata if key == LAST_EVENT_ID), "")

    async def read(self, limit: int) -> bytes | None:
        """See `Call.read`."""
        request, last = await super().read(limit), self._last_event_id
        if request is None or not last or _TOKEN not in self._request.DESCRIPTOR.fields_by_name:
            return request
        try:
            tree = {_TOKEN: last}
            position = json_format.ParseDict(tree, self._request())
        except json_format.ParseError:
            raise InvalidRequest((Violation("Last-Event-ID", "is no id of an event"),)) from None
        # What comes later goes before.
        return request + bytes(position.SerializeToString())

    async def _send(self, response: bytes) -> None:
        message = json.loads(response)
        lines = [f"event: {name}" for name in self._names if name in message]
        if token := message.get("resumeToken"):
            lines.append(f"id: {token}")
        head = "\n".join((*lines, "data: ")).encode()
        await self._exchange.write(head + response + b"\n\n")

    async def _send_error(self, error: dict[str, Any]) -> None:
        text = json.dumps(error, ensure_ascii=False).encode()
        await self._exchange.write(b"event: error\ndata: " + text + b"\n\n")


def _names(kind: Descriptor) -> tuple[str, ...]:
    """Return the names of what a message may be about: of which it always has one."""
    return tuple(field.json_name for one in kind.oneofs for field in one.fields)


def wants_events(headers: Headers) -> bool:
    """Return whether a client asks for Server-Sent Events."""
    return any(name == b"accept" and EVENT_STREAM in value.lower() for name, value in headers)
