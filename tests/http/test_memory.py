"""Thousands of devices hold a stream that says nothing for hours: what that takes is counted, not timed."""

import gc
import tracemalloc

from tests.http.http2_client import request
from tests.http.listening import listening
from tests.support.http2 import frames
from unisono.server.api.http.exchange import Exchange

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
