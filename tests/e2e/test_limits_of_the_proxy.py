"""What the proxy refuses, ends or keeps to itself, each limit with few connections."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

import pytest
import pytest_asyncio

from tests.guarantees.torture import tools
from tests.support import tokens
from tests.support.accepting import accepting
from tests.support.haproxy import Haproxy, haproxy
from tests.support.http2 import frames
from tests.support.http2.call import framed, request_headers
from tests.support.http2.stranger import Ending, Stranger, Target
from tests.support.processes import TIMEOUT, ServerProcess, serving

FEED: Final = "/unisono.v1.FeedService/GetFeed"
BATCH: Final = "/unisono.v1.NotificationService/BatchSendNotifications"
SUBSCRIBE: Final = "/unisono.v1.FeedService/Subscribe"

#: Two addresses of one machine.
HERE, ELSEWHERE = "127.0.0.1", "127.0.0.2"

#: What the proxy waits for.
SHORT: Final = "1s"
LONG: Final = "1h"

#: Codes of gRPC.
OK, EXHAUSTED, UNAVAILABLE = "0", "8", "14"

#: Longer than what is kept until it is whole; where only so much is announced, more is to come.
LARGE: Final = framed(bytes(300 * 1024))
UNFINISHED: Final = framed(bytes(1000))[:-1]


@pytest.fixture(autouse=True)
def installed() -> None:
    tools.require([tools.HAPROXY])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("proxied") / "unisono.db") as server:
        yield server


def target(proxy: Haproxy, source: str = ELSEWHERE) -> Target:
    return Target(address=proxy.address, source=source, root=str(proxy.root))


class Come(Protocol):
    async def __call__(self, proxy: Haproxy, *, greets: bool = True) -> Stranger: ...


@pytest_asyncio.fixture
async def come() -> AsyncIterator[Come]:
    """Opens connections of strangers, and closes them in the end. Raises `OSError` where they are cut."""
    opened: list[Stranger] = []

    async def open_one(proxy: Haproxy, *, greets: bool = True) -> Stranger:
        opened.append(await Stranger.open(target(proxy), greets=greets))
        return opened[-1]

    yield open_one
    for stranger in opened:
        stranger.abort()
        await stranger.closed.wait()


async def good_call(proxy: Haproxy, source: str = HERE) -> Ending:
    """What somebody with a token is answered."""
    caller = await Stranger.open(target(proxy, source))
    try:
        return await caller.call(FEED, tokens.device("ada"), b"")
    finally:
        caller.abort()


class Recorder:
    """Stands where the server is, and counts who comes."""

    def __init__(self) -> None:
        self.address = ""
        self.came = asyncio.Event()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came.set()
        writer.close()


@asynccontextmanager
async def recording() -> AsyncIterator[Recorder]:
    recorder = Recorder()
    async with accepting(recorder.accept) as port:
        recorder.address = f"{HERE}:{port}"
        yield recorder


def block() -> bytes:
    return request_headers(FEED, "unisono.test", "")


SAID: Final = {
    "nothing": b"",
    "half a preface": frames.PREFACE[:10],
    "a preface": frames.greeting(),
    "half a frame": frames.greeting() + frames.frame(frames.HEADERS, frames.END_HEADERS, 1, block())[:30],
    "half a header block": frames.greeting() + frames.frame(frames.HEADERS, 0, 1, block()[:30]),
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID.keys())
async def test_a_connection_that_asks_for_nothing_whole_is_ended(
    come: Come, server: ServerProcess, tmp_path: Path, said: bytes
) -> None:
    with haproxy(server.address, tmp_path, headers=SHORT) as proxy:
        stranger = await come(proxy, greets=False)
        stranger.say(said)
        await stranger.closed.wait()


async def test_a_handshake_that_is_not_finished_is_ended(server: ServerProcess, tmp_path: Path) -> None:
    with haproxy(server.address, tmp_path, handshake=SHORT) as proxy:
        host, port = proxy.address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"\x16\x03\x01")
        assert await reader.read() == b""
        writer.close()


async def test_a_connection_without_calls_is_ended(come: Come, server: ServerProcess, tmp_path: Path) -> None:
    # Given a proxy that waits longer for another call than for a first one
    with haproxy(server.address, tmp_path, headers=SHORT, idle="3s") as proxy:
        stranger = await come(proxy)
        began = time.monotonic()
        assert (await stranger.call(FEED, tokens.device("ada"), b""))["grpc-status"] == OK
        # When there is none, then it waits for so long and no longer
        await stranger.closed.wait()
        assert time.monotonic() - began >= 3


@pytest.mark.parametrize("path", [FEED, SUBSCRIBE, BATCH])
@pytest.mark.parametrize("body", [b"", UNFINISHED], ids=["headers alone", "a body that stops short"])
async def test_a_request_that_is_not_whole_never_reaches_the_server(
    come: Come, tmp_path: Path, path: str, body: bytes
) -> None:
    async with recording() as recorder:
        with haproxy(recorder.address, tmp_path, body=SHORT) as proxy:
            stranger = await come(proxy)
            stream_id = stranger.ask(path, tokens.publisher())
            await stranger.pour(stream_id, body)
            assert (await stranger.until_ended(stream_id))["grpc-status"] == UNAVAILABLE
            assert not recorder.came.is_set()
            # A whole one does.
            await stranger.pour(stranger.ask(FEED), framed(b""), end=True)
            await recorder.came.wait()


async def test_a_request_that_comes_byte_by_byte_is_ended(come: Come, tmp_path: Path) -> None:
    async with recording() as recorder:
        with haproxy(recorder.address, tmp_path, body=SHORT) as proxy:
            stranger = await come(proxy)
            stream_id = stranger.ask(FEED)
            for byte in framed(bytes(10_000)):
                await stranger.pour(stream_id, bytes([byte]))
                if stream_id in stranger.ended:
                    break
                await asyncio.sleep(0.05)
            assert stranger.ended[stream_id]["grpc-status"] == UNAVAILABLE
            assert not recorder.came.is_set()


@pytest.mark.parametrize("path", [FEED, SUBSCRIBE])
async def test_a_request_that_is_too_large_never_reaches_the_server(
    come: Come, tmp_path: Path, path: str
) -> None:
    async with recording() as recorder:
        with haproxy(recorder.address, tmp_path) as proxy:
            stranger = await come(proxy)
            ending = await stranger.call(path, tokens.device("ada"), LARGE)
            assert (ending["grpc-status"], ending["content-type"]) == (EXHAUSTED, "application/grpc")
            assert not recorder.came.is_set()


async def test_large_batches_of_one_address_are_few_and_end_in_time(
    come: Come, server: ServerProcess, tmp_path: Path
) -> None:
    with haproxy(server.address, tmp_path, large_batch="3s") as proxy:
        stranger = await come(proxy)
        unfinished = [stranger.ask(BATCH, tokens.publisher()) for _ in range(3)]
        for stream_id in unfinished:
            await stranger.pour(stream_id, LARGE[: 280 * 1024])
        # Two are let through; the third is not, while they last.
        raised = await stranger.until_ended(unfinished[2])
        assert raised["grpc-message"] == "too many large batches from this address"
        # They end, the one that stalls and the one that goes on a little.
        while unfinished[1] not in stranger.ended:
            await stranger.pour(unfinished[1], b"x")
            await asyncio.sleep(0.05)
        endings = [await stranger.until_ended(stream_id) for stream_id in unfinished[:2]]
        assert [ending["grpc-status"] for ending in endings] == [UNAVAILABLE, UNAVAILABLE]


async def test_one_address_has_a_number_of_connections(
    come: Come, server: ServerProcess, tmp_path: Path
) -> None:
    with haproxy(server.address, tmp_path, connections_per_address="3") as proxy:
        held = [await come(proxy) for _ in range(3)]
        with pytest.raises(OSError):  # noqa: PT011 - cut in the handshake, or before
            await come(proxy)
        assert (await good_call(proxy))["grpc-status"] == OK
        assert not any(stranger.closed.is_set() for stranger in held)


async def test_one_address_has_a_number_of_new_connections(
    come: Come, server: ServerProcess, tmp_path: Path
) -> None:
    with haproxy(server.address, tmp_path, new_connections_per_address="3") as proxy:
        for _ in range(3):
            (await come(proxy)).abort()
        with pytest.raises(OSError):  # noqa: PT011 - cut in the handshake, or before
            await come(proxy)
        assert (await good_call(proxy))["grpc-status"] == OK


@pytest.mark.parametrize(("limit", "path"), [("open_calls", FEED), ("streams", SUBSCRIBE)])
async def test_one_address_has_a_number_of_calls_at_a_time(
    come: Come, server: ServerProcess, tmp_path: Path, limit: str, path: str
) -> None:
    # The two stay open however long the machine takes to look.
    with haproxy(server.address, tmp_path, body=LONG, **{f"{limit}_per_address": "2"}) as proxy:
        # Given two that are open, on connections of their own; one after the other, for while one of its
        # threads counts a call, HAProxy takes it for two, and may refuse another's
        for count, stranger in enumerate([await come(proxy) for _ in range(2)], 1):
            stranger.ask(path)
            await counted(proxy, "calls" if limit == "open_calls" else "streams", count)
        # When there is another one, it is refused
        other = await come(proxy)
        raised = await other.call(path, tokens.device("ada"), b"")
        # Then nobody else is
        assert (raised["grpc-status"], raised["grpc-message"].split()[:2]) == (
            UNAVAILABLE,
            ["too", "many"],
        )
        assert (await good_call(proxy))["grpc-status"] == OK


async def test_resets_in_a_row_end_the_connection(come: Come, server: ServerProcess, tmp_path: Path) -> None:
    with haproxy(server.address, tmp_path, calls_per_address="100") as proxy:
        stranger = await come(proxy)
        for _ in range(1000):
            if stranger.closed.is_set():
                break
            stream_id = stranger.ask(FEED)
            await stranger.pour(stream_id, framed(b""))
            stranger.say(frames.given_up(stream_id))
        await stranger.closed.wait()
        # It is not let in again so soon, and everybody else is.
        with pytest.raises(OSError):  # noqa: PT011 - cut in the handshake, or before
            await come(proxy)
        assert (await good_call(proxy))["grpc-status"] == OK


async def counted(proxy: Haproxy, table: str, count: int) -> None:
    """Wait until so many calls of one address are counted."""
    until = time.monotonic() + TIMEOUT
    while f"use={count} " not in (seen := proxy.ask(f"show table {table}")):
        assert time.monotonic() < until, seen + proxy.ask("show sess")
        await asyncio.sleep(0.01)
