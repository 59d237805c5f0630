"""What the protocols of the web make of a call: a request, and of its answer messages and a status.

They hold the server to the protocol: what it may not say raises `Misspoken`.
"""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Protocol
from urllib.parse import quote, unquote, urlencode

import grpc
from google.protobuf.descriptor_pb2 import MethodOptions

from tests.support.web.answer import Answer, Request
from tests.support.web.codecs import Binary, Codec, described
from tests.support.web.envelopes import enveloped, envelopes
from tests.support.web.status import (
    HTTP_OF,
    Misspoken,
    Status,
    flattened,
    metadata_of,
    object_of,
    of_connect,
    of_http,
)

Pairs = Sequence[tuple[str, str | bytes]]

#: The longest message that goes into the target of a GET: a request line has to fit into the headers' room.
_LONGEST_TARGET: Final = 4000

_END: Final = 0x02
_TRAILERS: Final = 0x80
_OF_STATUS: Final = ("grpc-status", "grpc-message")


class WebProtocol(Protocol):
    """One protocol, with one codec."""

    def request(
        self, path: str, body: bytes, metadata: Pairs, timeout: float | None, *, streaming: bool
    ) -> Request:
        """Return the request of a call with an encoded message."""
        ...

    def read(self, path: str, answer: Answer, *, streaming: bool) -> AsyncIterator[bytes | Status]:
        """Yield the encoded messages of an answer, and in the end its status.

        Raises `AnswerBroken` and `Misspoken`.
        """
        ...


class Connect:
    """The protocol Connect (https://connectrpc.com/docs/protocol).

    With `gets`, methods without side effects are called by GET.
    """

    def __init__(self, codec: Codec, *, gets: bool = False) -> None:
        self._codec = codec
        self._gets = gets

    def request(
        self, path: str, body: bytes, metadata: Pairs, timeout: float | None, *, streaming: bool
    ) -> Request:
        """See `WebProtocol`."""
        message = self._codec.request(path, body)
        headers = _headers(metadata)
        if timeout is not None:
            headers.append(("connect-timeout-ms", str(int(timeout * 1000))))
        if self._gets and _has_no_side_effects(path) and len(message) <= _LONGEST_TARGET:
            return Request(method="GET", target=f"{path}?{self._query(message)}", headers=headers)
        headers.append(("connect-protocol-version", "1"))
        headers.append(("content-type", self._content_type(streaming=streaming)))
        sent = enveloped(message) if streaming else message
        return Request(method="POST", target=path, headers=headers, body=sent)

    async def read(self, path: str, answer: Answer, *, streaming: bool) -> AsyncIterator[bytes | Status]:
        """See `WebProtocol`."""
        await answer.head()
        expected = self._content_type(streaming=streaming)
        if answer.status != 200:
            yield await self._refusal(answer)
        elif answer.headers.get("content-type") != expected:
            raise Misspoken(f"the answer is no {expected}: {dict(answer.headers)}")
        elif streaming:
            async for item in self._stream(path, answer):
                yield item
        else:
            yield _decoded(self._codec, path, await answer.whole())
            yield Status(code=grpc.StatusCode.OK, metadata=metadata_of(answer.headers))

    async def _stream(self, path: str, answer: Answer) -> AsyncIterator[bytes | Status]:
        ending: Status | None = None
        async for flags, message in envelopes(answer):
            if ending is not None or flags not in (0, _END):
                raise Misspoken(f"a message has the flags {flags}, or comes after the last one")
            if flags == _END:
                ending = _ending(message)
            else:
                yield _decoded(self._codec, path, message)
        if ending is None:
            raise Misspoken("the stream ends without its end")
        yield ending

    async def _refusal(self, answer: Answer) -> Status:
        if answer.headers.get("content-type") != "application/json":
            return of_http(answer.status)
        error = object_of(await answer.whole())
        # What is not there is not there for HTTP, too.
        missing = (error["code"], answer.status) == ("unimplemented", 404)
        if HTTP_OF.get(error["code"]) != answer.status and not missing:
            raise Misspoken(f"{error['code']} comes with HTTP status {answer.status}")
        return of_connect(error, metadata_of(answer.headers))

    def _content_type(self, *, streaming: bool) -> str:
        return f"application/{'connect+' if streaming else ''}{self._codec.name}"

    def _query(self, message: bytes) -> str:
        query = {"connect": "v1", "encoding": self._codec.name}
        if self._codec.name == "json":
            return f"{urlencode(query)}&message={quote(message)}"
        return urlencode({**query, "base64": "1", "message": urlsafe_b64encode(message).rstrip(b"=")})


class GrpcWeb:
    """gRPC-Web (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md), in binary."""

    def __init__(self) -> None:
        self._codec = Binary()

    def request(
        self, path: str, body: bytes, metadata: Pairs, timeout: float | None, *, streaming: bool
    ) -> Request:
        """See `WebProtocol`."""
        headers = _headers(metadata)
        headers += [("content-type", "application/grpc-web+proto"), ("x-grpc-web", "1")]
        if timeout is not None:
            headers.append(("grpc-timeout", f"{int(timeout * 1000)}m"))
        return Request(method="POST", target=path, headers=headers, body=enveloped(body))

    async def read(self, path: str, answer: Answer, *, streaming: bool) -> AsyncIterator[bytes | Status]:
        """See `WebProtocol`."""
        await answer.head()
        if answer.status != 200:
            yield of_http(answer.status)
            return
        if answer.headers.get("content-type") != "application/grpc-web+proto":
            raise Misspoken(f"the answer is no gRPC-Web: {dict(answer.headers)}")
        ending = _trailers(answer.headers) if "grpc-status" in answer.headers else None
        async for flags, message in envelopes(answer):
            if ending is not None or flags not in (0, _TRAILERS):
                raise Misspoken(f"a message has the flags {flags}, or comes after the last one")
            if flags == _TRAILERS:
                ending = _trailers(_fields(message))
            else:
                yield message
        if ending is None:
            raise Misspoken("the answer ends without trailers")
        yield ending


def _headers(metadata: Pairs) -> list[tuple[str, str]]:
    return [(name, value) for name, value in metadata if isinstance(value, str)]


def _has_no_side_effects(path: str) -> bool:
    method = described(path)
    return (
        method is not None
        and not method.server_streaming
        and method.GetOptions().idempotency_level == MethodOptions.NO_SIDE_EFFECTS
    )


def _decoded(codec: Codec, path: str, sent: bytes) -> bytes:
    try:
        return codec.response(path, sent)
    except ValueError as error:
        raise Misspoken(f"a response is no {codec.name}: {error}") from error


def _ending(message: bytes) -> Status:
    said = object_of(message)
    metadata = flattened(said.get("metadata", {}))
    if "error" in said:
        return of_connect(said["error"], metadata)
    return Status(code=grpc.StatusCode.OK, metadata=metadata)


def _fields(trailers: bytes) -> dict[str, str]:
    pairs = (line.partition(":") for line in trailers.decode().split("\r\n") if line)
    return {name: value.strip() for name, _, value in pairs}


def _trailers(headers: Mapping[str, str]) -> Status:
    number = int(headers["grpc-status"])
    metadata = metadata_of({name: value for name, value in headers.items() if name not in _OF_STATUS})
    return Status(
        code=next(code for code in grpc.StatusCode if code.value[0] == number),
        message=unquote(headers.get("grpc-message", "")),
        metadata=metadata,
    )
