"""A listener that drains: nobody new, and whoever is there ends well, or after the grace."""

import asyncio
import socket
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from tests.http.http2_client import request
from tests.http.listening import HOST, Held, Reluctant, come_true, echo, listening
from tests.http.test_life import goaways, greeted
from tests.support.http2.frames import END_STREAM, HEADERS
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.http.proxies.trusted import TrustedProxies

#: Longer than any test takes.
LONG = 3600


async def test_nobody_connects_to_a_listener_that_drains() -> None:
    async with listening(echo) as served:
        served.listener.drain()
        with pytest.raises(ConnectionRefusedError):
            await served.connect()
        await served.listener.wait_closed(LONG)


async def test_connections_without_streams_end() -> None:
    async with listening(echo) as served:
        client = await served.connect()
        await greeted(client)
        served.listener.drain()
        assert await client.last_streams() == [2**31 - 1, 0]
        await served.listener.wait_closed(LONG)


async def test_connections_end_after_their_streams() -> None:
    held = Held()
    async with listening(held) as served:
        client = await served.connect()
        client.ask(1)
        await client.round_trip()

        served.listener.drain()
        closed = asyncio.create_task(served.listener.wait_closed(LONG))
        while len(goaways(client.seen)) < 2:
            await client.receive()
        assert not closed.done()
        held.released.set()

        await client.until(HEADERS, 1, flags=END_STREAM)
        await client.rest()
        await closed


async def test_what_does_not_end_within_the_grace_is_cancelled() -> None:
    held = Held()
    async with listening(held) as served:
        client = await served.connect()
        client.ask(1)
        await client.round_trip()
        served.listener.drain()
        await served.listener.wait_closed(0.01)
        assert held.cancelled.is_set()
        assert served.listener.connections == 0
        await client.rest()


async def test_waits_for_what_handlers_do_when_their_clients_are_gone() -> None:
    steps: list[str] = []
    cleaning, cleaned = asyncio.Event(), asyncio.Event()

    async def clean_up(exchange: Exchange) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cleaning.set()
            await cleaned.wait()
            steps.append("cleaned up")

    async with listening(clean_up) as served:
        client = await served.connect()
        client.ask(1)
        await client.round_trip()
        client.close()
        await cleaning.wait()
        served.listener.drain()
        closed = asyncio.create_task(served.listener.wait_closed(LONG))
        cleaned.set()
        await closed
    assert steps == ["cleaned up"]


async def test_who_does_not_end_when_cancelled_is_named_and_left() -> None:
    # Given a handler that does not end when it is cancelled.
    stubborn = Reluctant()
    async with listening(stubborn, cancelled=0) as served:
        client = await served.connect()
        client.ask(1, b"/stubborn")
        await client.round_trip()
        # When the listener stops.
        served.listener.drain()
        with capture_logs() as logs:
            await served.listener.wait_closed(0)
        # Then nobody waits for it.
        assert stubborn.running == 1
        left = {"event": "exchanges_left", "log_level": "warning", "count": 1, "paths": [b"/stubborn"]}
        assert [entry for entry in logs if entry["log_level"] != "debug"] == [left]
        stubborn.released.set()
        await served.listener.wait_closed(LONG)


async def test_a_connection_that_has_not_said_its_version_is_closed() -> None:
    async with listening(echo) as served:
        client = await served.connect(greets=False)
        await come_true(lambda: served.listener.connections)
        served.listener.drain()
        await client.rest()
        await served.listener.wait_closed(LONG)


async def test_a_connection_of_http1_without_a_request_is_closed() -> None:
    async with listening(echo) as served:
        reader, writer = await served.open()
        writer.write(b"GET / HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n")
        await reader.readuntil(b"x-end: yes\r\n\r\n")
        served.listener.drain()
        assert await reader.read() == b""
        await served.listener.wait_closed(LONG)


async def test_a_connection_of_http1_is_told_that_it_closes() -> None:
    held = Held()
    async with listening(held) as served:
        reader, writer = await served.open()
        writer.write(b"POST / HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        await held.begun.wait()
        served.listener.drain()
        held.released.set()
        writer.write(b"hi")
        answer = await reader.read()
        assert b"connection: close\r\n" in answer.lower()
        assert b"POST / hi" in answer
        await served.listener.wait_closed(LONG)


async def test_a_drain_announces_the_end_once() -> None:
    held = Held()
    async with listening(held) as served:
        client = await served.connect()
        client.say(request(1))
        await client.round_trip()
        served.listener.drain()
        served.listener.drain()
        held.released.set()
        assert await client.last_streams() == [2**31 - 1, 1]


#: In the third turn, asyncio of Python 3.11 forgets to close what it has accepted.
@pytest.mark.parametrize("turns", [0, 1, 3, 4])
@pytest.mark.parametrize("proxies", [TrustedProxies(), TrustedProxies.of([HOST], proxy_protocol=True)])
async def test_a_connection_that_is_accepted_at_the_last_moment_is_closed(
    turns: int, proxies: TrustedProxies
) -> None:
    async with listening(echo, proxies=proxies) as served:
        with socket.create_connection(("127.0.0.1", served.port)) as late:
            late.setblocking(False)
            # It is accepted, its protocol made and its transport begun in turns of their own.
            for _ in range(turns):
                await asyncio.sleep(0)
            served.listener.drain()
            loop = asyncio.get_running_loop()
            with suppress(ConnectionResetError):
                assert await loop.sock_recv(late, 1) == b""
        await served.listener.wait_closed(LONG)


async def test_what_handlers_do_after_their_responses_is_cancelled_after_the_grace() -> None:
    cancelled = asyncio.Event()

    async def go_on(exchange: Exchange) -> None:
        await echo(exchange)
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with listening(go_on) as served:
        client = await served.connect()
        client.ask(1)
        await client.until(HEADERS, 1, flags=END_STREAM)
        client.close()
        served.listener.drain()
        await served.listener.wait_closed(0.01)
        assert cancelled.is_set()


async def test_a_connection_of_http1_may_close_before_it_takes_the_next_request() -> None:
    async def drain(exchange: Exchange) -> None:
        await echo(exchange)
        served.listener.drain()

    async with listening(drain) as served:
        reader, writer = await served.open()
        writer.write(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n" * 2)
        assert (await reader.read()).count(b"GET /") == 1
