"""Thousands of devices hold a stream that says nothing for hours: what that takes is counted, not timed."""

import asyncio
import gc
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from tests.http.authority import Authority
from tests.http.http2_client import request
from tests.http.listening import come_true, listening
from tests.support.garbage import uncollected
from tests.support.http2 import frames
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.http.http1_connection import Http1Connection
from unisono.server.api.http.http1_exchange import Http1Exchange
from unisono.server.api.http.http2_connection import Http2Connection
from unisono.server.api.http.http2_exchange import Http2Exchange
from unisono.server.api.http.tls.transport import TlsTransport

#: Bytes that Python allocates for a connection with a stream, and for its client in this process besides.
MOST = 13_000


async def test_an_idle_stream_costs_little() -> None:
    async def wait(exchange: Exchange) -> None:
        exchange.respond(200, ())
        await exchange.read()

    async with listening(wait) as served:

        async def connect(clients: int) -> None:
            for _ in range(clients):
                reader, writer = await served.open()
                writer.write(frames.greeting() + request(1, end=False))
                await reader.readuntil(b"\x00\x00\x00\x01")

        await connect(5)
        tracemalloc.start()
        try:
            await connect(100)
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] / 100 < MOST
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    "asking", [frames.greeting() + request(1), b"GET / HTTP/1.1\r\nhost: test\r\n\r\n"], ids=["2", "1.1"]
)
@pytest.mark.parametrize("encrypted", [False, True], ids=["clear", "tls"])
async def test_nothing_of_a_client_that_is_gone_waits_for_the_garbage_collector(
    asking: bytes, encrypted: bool, tmp_path: Path
) -> None:
    # Given a client that reads nothing of a response, which so waits for it.
    full = asyncio.Event()

    async def pour(exchange: Exchange) -> None:
        exchange.respond(200, ())
        for _ in range(1000):
            asyncio.get_running_loop().call_soon(full.set)
            await exchange.write(bytes(50_000))

    authority = Authority(tmp_path)
    async with listening(pour, certificate=authority.certificate if encrypted else None) as served:
        tls = authority.client() if encrypted else None
        _, writer = await served.open(receive_buffer=4096, tls=tls)
        writer.write(asking)
        await full.wait()
        # When it goes.
        with uncollected():
            writer.transport.abort()
            await come_true(lambda: not served.listener.connections)
            for _ in range(10):
                await asyncio.sleep(0)
            found = Counter(type(one) for one in gc.get_objects())
    # Then what waited is gone, too.
    kinds = (Http1Connection, Http1Exchange, Http2Connection, Http2Exchange, TlsTransport)
    assert [kind for kind in kinds if found[kind]] == []
