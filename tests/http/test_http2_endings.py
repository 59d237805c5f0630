"""How requests of HTTP/2 end before their time: reset, cut off, failed, or left unfinished."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.http.http2_client import request
from tests.http.listening import body_of, echo, kept, listening
from tests.support.http2 import frames
from tests.support.http2.frames import (
    DATA,
    END_STREAM,
    HEADERS,
    RST_STREAM,
    first_number,
)
from unisono.server.api.http.exchange import ClientGone, Exchange

INTERNAL_ERROR = 2


async def test_a_reset_cancels_who_handles_the_exchange() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def wait(exchange: Exchange) -> None:
        begun.set()
        try:
            await exchange.read()
        except (asyncio.CancelledError, ClientGone):
            cancelled.set()
            raise

    async with listening(wait) as served:
        client = await served.connect()
        client.ask(1, end=False)
        await begun.wait()
        client.say(frames.given_up(1))
        await cancelled.wait()
        client.close()


async def test_a_request_that_is_reset_at_once_counts_all_the_same() -> None:
    paths: list[bytes] = []

    async def note(exchange: Exchange) -> None:
        paths.append(exchange.path)
        await echo(exchange)

    async with listening(note) as served:
        client = await served.connect()
        client.say(request(1, b"/reset") + frames.given_up(1) + request(3, b"/kept"))
        await client.until(HEADERS, 3, flags=END_STREAM)
    assert paths == [b"/reset", b"/kept"]


async def test_a_connection_that_breaks_cancels_all_that_runs_on_it() -> None:
    running, cancelled = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def wait(exchange: Exchange) -> None:
        running.release()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.release()

    async with listening(wait) as served:
        client = await served.connect()
        client.say(request(1) + request(3))
        for _ in range(2):
            await running.acquire()
        client.close()
        for _ in range(2):
            await cancelled.acquire()


async def test_writing_to_a_client_that_is_gone_says_so() -> None:
    begun, gone = asyncio.Event(), asyncio.Event()

    async def pour(exchange: Exchange) -> None:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            with pytest.raises(ClientGone):
                await exchange.write(b"late")
            with pytest.raises(ClientGone):
                await exchange.read()
            gone.set()

    async with listening(pour) as served:
        client = await served.connect()
        client.ask(1)
        await begun.wait()
        client.say(frames.given_up(1))
        await gone.wait()
        client.close()


async def test_who_reads_and_who_writes_beside_the_handler_learn_that_the_client_is_gone() -> None:
    told: list[str] = []
    begun = asyncio.Event()

    async def reads(exchange: Exchange) -> None:
        with pytest.raises(ClientGone):
            await exchange.read()
        told.append("reader")

    async def writes(exchange: Exchange) -> None:
        exchange.respond(200, ())
        begun.set()
        with pytest.raises(ClientGone):
            await exchange.write(bytes(200_000))
        told.append("writer")

    async def both(exchange: Exchange) -> None:
        tasks = [asyncio.create_task(one(exchange)) for one in (reads, writes)]
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.gather(*tasks)

    async with listening(both) as served:
        client = await served.connect()
        client.ask(1, end=False)
        await begun.wait()
        await client.until(DATA, 1)
        client.say(frames.given_up(1))
        await client.round_trip()
        served.listener.drain()
        client.close()
        await served.listener.wait_closed(60)
    assert sorted(told) == ["reader", "writer"]


async def test_an_exchange_that_is_left_unfinished_is_reset_and_logged() -> None:
    async def forget(exchange: Exchange) -> None:
        exchange.respond(200, ())

    with capture_logs() as logs:
        async with listening(forget) as served:
            client = await served.connect()
            client.ask(1, b"/forgotten?and=its-query")
            reset = await client.until(RST_STREAM, 1)

    assert first_number(reset.payload) == INTERNAL_ERROR
    assert [entry["path"] for entry in kept(logs, "exchange_unfinished")] == [b"/forgotten"]


async def test_a_handler_that_ends_since_its_client_is_gone_is_not_logged() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def give_up(exchange: Exchange) -> None:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            ended.set()
            raise ClientGone from None

    with capture_logs() as logs:
        async with listening(give_up) as served:
            client = await served.connect()
            client.ask(1)
            await begun.wait()
            client.say(frames.given_up(1))
            await ended.wait()
    assert [entry for entry in logs if entry["log_level"] != "debug"] == []


async def test_an_exchange_whose_handler_fails_is_reset_and_logged() -> None:
    async def fail(exchange: Exchange) -> None:
        raise ValueError(exchange.path)

    with capture_logs() as logs:
        async with listening(fail) as served:
            client = await served.connect()
            client.ask(1, b"/failed?and=its-query")
            reset = await client.until(RST_STREAM, 1)

    assert first_number(reset.payload) == INTERNAL_ERROR
    assert [entry["path"] for entry in kept(logs, "exchange_failed")] == [b"/failed"]


async def test_a_response_that_is_over_stays_as_it_is() -> None:
    async def twice(exchange: Exchange) -> None:
        await body_of(exchange)
        exchange.respond(200, (), end=True)
        exchange.finish()
        exchange.respond(500, (), end=True)
        await exchange.write(b"more")
        exchange.reset()

    async with listening(twice) as served:
        client = await served.connect()
        client.ask(1)
        assert await client.headers(1) == {":status": "200"}
        assert not [frame for frame in await client.round_trip() if frame.stream_id == 1]


async def test_a_client_that_breaks_the_rules_is_told_and_cut_off() -> None:
    cancelled = asyncio.Event()

    async def wait(exchange: Exchange) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()

    async with listening(wait) as served:
        client = await served.connect()
        client.ask(1)
        await client.round_trip()
        client.send(DATA, 0, 0, b"of no stream")
        client.send(DATA, 0, 0, bytes(10_000))
        assert await client.last_streams() == [1]
        await cancelled.wait()
