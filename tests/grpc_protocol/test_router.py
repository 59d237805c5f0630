"""Each path has its method; what is no call gets a status of HTTP, and a line of text."""

import gzip

import grpc
import pytest

from tests.grpc_protocol.exchanges import CALL, HeldExchange
from unisono.server.api.call import Call, Rpc
from unisono.server.api.router import Router
from unisono.server.api.rpc.envelopes import framed
from unisono.server.api.web import plain as plain_answers


async def echo(call: Call) -> bytes | None:
    return await call.read(1000)


async def refuse(call: Call) -> None:
    await call.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method")


async def routed(exchange: HeldExchange) -> HeldExchange:
    await Router({"unisono.Test": {"Method": Rpc(echo)}}, Rpc(refuse)).handle(exchange)
    return exchange


async def plain(method: bytes, path: bytes, content_type: bytes = b"", version: str = "2") -> HeldExchange:
    headers = ((b"content-type", content_type),) if content_type else ()
    exchange = HeldExchange(path, headers, parts=[b"body", b""])
    exchange.method, exchange.version = method, version
    return await routed(exchange)


@pytest.mark.parametrize("path", [b"/unisono.Test/Other", b"/", b"/unisono.Test/Method?a=b", b"*"])
async def test_a_method_that_does_not_exist(path: bytes) -> None:
    exchange = await routed(HeldExchange(path))

    assert (exchange.status, exchange.grpc_status) == (200, b"12")


async def test_compressed_by_gzip() -> None:
    data = gzip.compress(b"hello")
    message = b"\1" + len(data).to_bytes(4, "big") + data
    headers = (*CALL, (b"grpc-encoding", b"gzip"))

    exchange = await routed(HeldExchange(headers=headers, parts=[message, b""]))

    assert exchange.body == framed(b"hello")
    assert exchange.grpc_status == b"0"


async def test_compressed_by_something_else() -> None:
    exchange = await routed(HeldExchange(headers=(*CALL, (b"grpc-encoding", b"br"))))

    assert exchange.grpc_status == b"12"
    assert (b"grpc-accept-encoding", b"identity,gzip") in exchange.response_headers
    assert exchange.ended


@pytest.mark.parametrize("extra", [(b"grpc-timeout", b"soon"), (b"own-bin", b"?"), (b"te", b"gzip")])
async def test_headers_that_break_the_protocol(extra: tuple[bytes, bytes]) -> None:
    exchange = await routed(HeldExchange(headers=(*CALL, extra)))

    assert (exchange.status, exchange.grpc_status, exchange.ended) == (200, b"13", True)


@pytest.mark.parametrize(
    ("method", "path", "content_type", "status", "allow"),
    [
        (b"GET", b"/", b"", 200, None),
        (b"GET", b"/?a=b", b"", 200, None),
        (b"POST", b"/", b"", 405, b"GET, HEAD"),
        (b"GET", b"/favicon.ico", b"", 404, None),
        (b"POST", b"/favicon.ico", b"application/json", 404, None),
        (b"GET", b"/unisono.Test/Method", b"application/grpc", 405, b"POST"),
        (b"POST", b"/unisono.Test/Method", b"application/json", 415, None),
        (b"POST", b"/unisono.Test/Method", b"application/grpcs", 415, None),
        (b"POST", b"/unisono.Test/Method", b"application/grpc+json", 415, None),
        (b"POST", b"/unisono.Test/Method", b"", 415, None),
    ],
)
async def test_what_is_no_call(
    method: bytes, path: bytes, content_type: bytes, status: int, allow: bytes | None
) -> None:
    exchange = await plain(method, path, content_type)

    headers = dict(exchange.response_headers)
    assert (exchange.status, headers.get(b"allow")) == (status, allow)
    assert headers[b"content-type"].startswith(b"text/plain")
    assert headers[b"content-length"] == str(len(exchange.body)).encode()
    assert exchange.body.endswith(b".\n")
    assert exchange.ended


async def test_who_asks_is_told_what_this_is() -> None:
    exchange = await plain(b"GET", b"/", version="1.1")

    assert b"Unisono" in exchange.body
    assert b"speaks gRPC" in exchange.body


async def test_a_small_body_is_read_before_the_answer() -> None:
    exchange = HeldExchange(b"/", (), parts=[b"small", b"body", b""])

    await routed(exchange)

    # The end of a body stays, however often it is read.
    assert exchange.unread == 1


async def test_a_large_body_is_not() -> None:
    exchange = HeldExchange(b"/", (), parts=[bytes(10_000)] * 5)

    await routed(exchange)

    assert exchange.unread == 3
    assert exchange.status == 405


async def test_nor_is_one_that_does_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_answers, "_PATIENCE", 0.001)

    exchange = await routed(HeldExchange(b"/", ()))

    assert exchange.status == 405


async def test_head_has_the_headers_alone() -> None:
    exchange = await plain(b"HEAD", b"/")

    assert (exchange.status, exchange.body, exchange.ended) == (200, b"", True)


async def test_a_call_by_http_1() -> None:
    exchange = await plain(b"POST", b"/unisono.Test/Method", b"application/grpc", version="1.1")

    assert exchange.status == 505
