"""HTTP/1.1 on the same port: requests, responses, and what is refused."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from structlog.testing import capture_logs

from tests.http.listening import Served, echo, full_turn, kept, listening
from tests.http.manual_clock import ManualClock
from unisono.server.api.http.exchange import Exchange

HEAD = b"host: test\r\n"
#: The end of a response of `echo`, whose last chunk has a trailer.
END = b"x-end: yes\r\n\r\n"


async def said(served: Served, data: bytes) -> bytes:
    """Say something, and return all that is answered until the connection is closed."""
    reader, writer = await served.open()
    writer.write(data)
    return await reader.read()


async def test_answers_a_get_over_a_connection_that_is_kept() -> None:
    async with (
        listening(echo) as served,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", trust_env=False) as client,
    ):
        answers = [await client.get("/a?b"), await client.post("/c", content=b"body")]
        assert served.listener.connections == 1

    assert [answer.text for answer in answers] == ["GET /a?b ", "POST /c body"]
    assert [answer.headers["transfer-encoding"] for answer in answers] == ["chunked", "chunked"]


async def test_takes_a_body_in_chunks() -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async with (
        listening(echo) as served,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}", trust_env=False) as client,
    ):
        assert (await client.post("/", content=parts())).text == "POST / one two"


async def test_shows_a_handler_the_request() -> None:
    seen: list[Exchange] = []

    async def look(exchange: Exchange) -> None:
        seen.append(exchange)
        exchange.respond(204, (), end=True)

    async with listening(look) as served:
        await said(served, b"PUT http://other.test/x?y HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")

    [exchange] = seen
    assert (exchange.version, exchange.method, exchange.path) == ("1.1", b"PUT", b"/x?y")
    assert exchange.authority == b"other.test"
    assert exchange.headers == ((b"host", b"test"), (b"connection", b"close"))
    assert exchange.peer.startswith("ipv4:127.0.0.1:")


async def test_shows_a_handler_which_host_is_meant() -> None:
    async def name(exchange: Exchange) -> None:
        exchange.respond(200, ((b"x-authority", exchange.authority),), end=True)

    async with listening(name) as served:
        for request in (
            b"GET / HTTP/1.1\r\nhost: a.test:80\r\n",
            b"GET http://a.test:80/ HTTP/1.1\r\nhost: b\r\n",
        ):
            assert b"x-authority: a.test:80\r\n" in await said(served, request + b"connection: close\r\n\r\n")
        assert b"x-authority: \r\n" in await said(served, b"GET / HTTP/1.0\r\n\r\n")


async def test_a_response_that_says_its_length_is_not_chunked() -> None:
    async def answer(exchange: Exchange) -> None:
        exchange.respond(200, ((b"content-length", b"2"),))
        await exchange.write(b"hi")
        exchange.finish(((b"x-end", b"dropped"),))

    async with listening(answer) as served:
        answered = await said(served, b"GET / HTTP/1.1\r\nconnection: close\r\n" + HEAD + b"\r\n")
    assert answered.endswith(b"\r\n\r\nhi")
    assert b"chunked" not in answered


async def test_a_response_without_a_body_says_so() -> None:
    async def answer(exchange: Exchange) -> None:
        exchange.respond(404, (), end=True)

    async with listening(answer) as served:
        answered = await said(served, b"GET / HTTP/1.1\r\nconnection: close\r\n" + HEAD + b"\r\n")
    assert b"content-length: 0\r\n" in answered


async def test_a_client_of_http1_0_reads_to_the_end_of_the_connection() -> None:
    async with listening(echo) as served:
        answered = await said(served, b"GET / HTTP/1.0\r\n\r\n")
    assert answered.endswith(b"\r\n\r\nGET / ")
    assert b"chunked" not in answered


async def test_what_answers_head_has_no_body() -> None:
    async with listening(echo) as served:
        answered = await said(served, b"HEAD / HTTP/1.1\r\nconnection: close\r\n" + HEAD + b"\r\n")
    assert answered.endswith(b"\r\n\r\n")
    assert answered.count(b"\r\n\r\n") == 1


async def test_requests_that_come_early_are_answered_in_turn() -> None:
    running = most = 0

    async def count(exchange: Exchange) -> None:
        nonlocal running, most
        running, most = running + 1, max(most, running + 1)
        await asyncio.sleep(0)
        running -= 1
        await echo(exchange)

    async with listening(count) as served:
        reader, writer = await served.open()
        writer.write(b"".join(b"GET /%d HTTP/1.1\r\n%s\r\n" % (number, HEAD) for number in range(5)))
        for number in range(5):
            assert b"GET /%d " % number in await reader.readuntil(END)
    assert most == 1


async def test_an_upgrade_to_http2_is_passed_over() -> None:
    async with listening(echo) as served:
        upgrade = b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
        reader, writer = await served.open()
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\n" + HEAD + upgrade + b"\r\n")
            assert (await reader.readuntil(END)).startswith(b"HTTP/1.1 200")


async def test_a_client_that_waits_for_it_is_told_to_send_its_body() -> None:
    async with listening(echo) as served:
        reader, writer = await served.open()
        writer.write(b"POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n" + HEAD + b"\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
        writer.write(b"hi")
        assert b"POST / hi" in await reader.readuntil(END)


async def test_a_client_that_waits_is_not_told_to_send_a_body_that_is_refused() -> None:
    async def refuse(exchange: Exchange) -> None:
        exchange.respond(413, (), end=True)

    async with listening(refuse) as served:
        answered = await said(
            served, b"POST / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\n" + HEAD + b"\r\n"
        )
    assert answered.startswith(b"HTTP/1.1 413 ")


async def test_a_connection_ends_with_a_body_that_is_refused_and_says_so() -> None:
    async def refuse(exchange: Exchange) -> None:
        exchange.respond(413, (), end=True)

    async with listening(refuse) as served:
        answered = await said(served, b"POST / HTTP/1.1\r\ncontent-length: 999999\r\n" + HEAD + b"\r\nsome")
    assert answered.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close\r\n" in answered.lower()


async def test_a_client_that_sends_a_refused_body_all_the_same_gets_the_answer() -> None:
    """It is read on and dropped, for a socket that is closed with something unread may lose the answer."""
    arrived = asyncio.Event()

    async def refuse(exchange: Exchange) -> None:
        if exchange.method == b"POST":
            await arrived.wait()
        exchange.respond(413, (), end=True)

    size = 20_000_000
    async with listening(refuse, ManualClock()) as served:
        reader, writer = await served.open()
        writer.write(b"POST / HTTP/1.1\r\ncontent-length: %d\r\n" % size + HEAD + b"\r\n")
        writer.write(bytes(size))
        await full_turn(served)
        arrived.set()
        await writer.drain()
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"GET /" + b"x" * 40_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000, 431),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n" + HEAD + b"\r\n", 501),
        (
            b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n"
            + HEAD
            + b"\r\n0\r\n\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n" + HEAD + b"\r\nnonsense\r\n", 400),
        (b"CONNECT other.test:80 HTTP/1.1\r\n" + HEAD + b"\r\n", 501),
    ],
    ids=[
        "no host",
        "no header",
        "a long line",
        "many headers",
        "gzip",
        "two lengths",
        "bad chunks",
        "connect",
    ],
)
async def test_refuses(request_: bytes, status: int) -> None:
    async with listening(echo) as served:
        answered = await said(served, request_)
    assert answered.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close\r\n" in answered.lower()


async def test_who_speaks_neither_version_gets_no_answer() -> None:
    async with listening(echo) as served:
        assert await said(served, b"HELO test\r\n") == b""


async def test_who_speaks_tls_is_told_so() -> None:
    """Without an answer it would wait: what it sends has no line that ends."""
    async with listening(echo) as served:
        assert b"does not speak TLS" in await said(served, b"\x16\x03\x01\x02\x00")


async def test_a_request_whose_handler_fails_is_answered_so() -> None:
    async def fail(exchange: Exchange) -> None:
        raise ValueError(exchange.path)

    with capture_logs() as logs:
        async with listening(fail) as served:
            for method in (b"GET", b"HEAD"):
                answered = await said(
                    served, method + b" /failed?and=its-query HTTP/1.1\r\n" + HEAD + b"\r\n"
                )
                assert answered.startswith(b"HTTP/1.1 500 ")
    assert [entry["path"] for entry in kept(logs, "exchange_failed")] == [b"/failed"] * 2
