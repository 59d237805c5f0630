"""Makes calls of requests: what a request speaks, protocol and encoding, says its content type."""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from grpc import StatusCode

from unisono.server.api.grpc.request import MalformedCall, call_head
from unisono.server.api.http.exchange import Exchange, Headers
from unisono.server.api.rpc.codec import Codec
from unisono.server.api.rpc.envelopes import GZIP, IDENTITY
from unisono.server.api.rpc.methods import Method
from unisono.server.api.rpc.running import run
from unisono.server.api.web.call import WebCall
from unisono.server.api.web.grpc_web import GrpcWebCall, GrpcWebTextCall
from unisono.server.api.web.head import MalformedHead, WebHead, connect_head
from unisono.server.api.web.lines import EventsCall, LinesCall, wants_events
from unisono.server.api.web.query import query_of
from unisono.server.api.web.stream import StreamCall
from unisono.server.api.web.unary import MissingCall, UnaryCall

Handling: TypeAlias = Coroutine[Any, Any, None]
Make: TypeAlias = Callable[[Exchange, WebHead, Headers, Codec | None], WebCall]

#: Whether messages are JSON, by content type. `curl -d` says that it sends a form, and other clients say
#: nothing. What a foreign page could send so by itself has no token, and says from where it is.
UNARY: Final[Mapping[bytes, bool]] = {
    b"application/json": True,
    b"application/proto": False,
    b"application/x-www-form-urlencoded": True,
    b"": True,
}
STREAM: Final[Mapping[bytes, bool]] = {b"application/connect+json": True, b"application/connect+proto": False}
GRPC_WEB: Final[Mapping[bytes, bool]] = {
    b"application/grpc-web": False,
    b"application/grpc-web+proto": False,
    b"application/grpc-web+json": True,
    b"application/grpc-web-text": False,
    b"application/grpc-web-text+proto": False,
}

KINDS: Final = tuple(kind for kinds in (UNARY, STREAM, GRPC_WEB) for kind in kinds if kind)
"""All content types that are taken."""

_NO_HEAD: Final = WebHead(None, IDENTITY, takes_gzip=False, metadata=())


def posted(exchange: Exchange, method: Method, kind: bytes, leading: Headers) -> Handling | None:
    """Return what handles a call by POST; None where its method takes no such content type.

    `leading` are the first headers of whatever is answered.
    """
    many = method.rpc.streaming
    if kind in UNARY and not method.exists:
        return _handling(exchange, method, leading, UNARY[kind], _unary_head, MissingCall)
    if kind in UNARY and not many:
        return _handling(exchange, method, leading, UNARY[kind], _unary_head, UnaryCall)
    if UNARY.get(kind) and many and method.json is not None:
        events = partial(EventsCall, json=method.json)
        make = events if wants_events(exchange.headers) else LinesCall
        return _handling(exchange, method, leading, True, _unary_head, make)
    if kind in STREAM and many:
        return _handling(exchange, method, leading, STREAM[kind], _stream_head, StreamCall)
    if kind in GRPC_WEB:
        web = GrpcWebTextCall if b"-text" in kind else GrpcWebCall
        return _handling(exchange, method, leading, GRPC_WEB[kind], _grpc_web_head, partial(web, kind=kind))
    return None


def asked(exchange: Exchange, method: Method, query: bytes, leading: Headers) -> Handling | None:
    """Return what handles a call by GET; see `posted`."""
    try:
        message, is_json, encoding = query_of(query)
    except MalformedHead as error:
        return _refused(UnaryCall(exchange, _NO_HEAD, leading, method.json), str(error))
    make = partial(UnaryCall, query=message)
    return _handling(
        exchange,
        method,
        leading,
        is_json,
        lambda headers: _unary_head(headers)._replace(encoding=encoding),
        make,
    )


def _handling(
    exchange: Exchange,
    method: Method,
    leading: Headers,
    is_json: bool,
    head_of: Callable[[Headers], WebHead],
    make: Make,
) -> Handling | None:
    codec = method.json if is_json else None
    if is_json and codec is None:
        return None
    try:
        head = head_of(exchange.headers)
    except (MalformedHead, MalformedCall) as error:
        return _refused(make(exchange, _NO_HEAD, leading, codec), str(error))
    call = make(exchange, head, leading, codec)
    if head.encoding not in (IDENTITY, GZIP):
        text = "the encoding of the messages is unknown: identity and gzip are known"
        return call.fail(StatusCode.UNIMPLEMENTED, text)
    return run(method.rpc, call, head.seconds)


def _refused(call: WebCall, why: str) -> Handling:
    return call.fail(StatusCode.INVALID_ARGUMENT, why)


_unary_head: Final = partial(connect_head, enveloped=False)
_stream_head: Final = partial(connect_head, enveloped=True)


def _grpc_web_head(headers: Headers) -> WebHead:
    head = call_head(headers, with_trailers=False)
    return WebHead(head.seconds, head.encoding, takes_gzip=False, metadata=head.metadata)
