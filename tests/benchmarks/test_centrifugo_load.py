"""The load for Centrifugo counts each publication once, and comes back to where it was first."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from benchmarks.load import protobuf
from benchmarks.load.callers import CallFailed
from benchmarks.load.centrifugo import BATCH, PUBLISH, Feed, batches, check, publishes
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.requests import Request
from benchmarks.load.websocket import WebSocketDevice
from tests.support.accepting import HOST, accepting

HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
CHANNEL = "users:ada"


def result(*, missed: int = 0, offset: int = 300) -> bytes:
    """A `SubscribeResult` with so many publications."""
    publications = protobuf.text(7, protobuf.text(4, "content")) * missed
    return protobuf.text(6, "an epoch") + publications + protobuf.integer(9, offset)


def connected(result: bytes, *, subscriptions: int) -> bytes:
    """A `Connect` or a `ConnectResult` with the subscription of the channel."""
    return protobuf.text(subscriptions, protobuf.text(1, CHANNEL) + protobuf.text(2, result))


def publication() -> bytes:
    """A `Push` of one publication."""
    return protobuf.text(2, CHANNEL) + protobuf.text(4, protobuf.text(4, b"x" * 200))


@pytest.fixture
def feed() -> Feed:
    return Feed("ada", ArrivalCounter(), ArrivalCounter())


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**40])
def test_integers_are_read_as_they_were_written(number: int) -> None:
    assert protobuf.read_varint(b"\xff" + protobuf.varint(number), 1)[0] == number
    assert dict(protobuf.integers(protobuf.integer(9, number))) == {9: number}


def test_what_is_of_another_type_is_not_passed_over() -> None:
    with pytest.raises(protobuf.NotUnderstood, match="field 1 is of type 1"):
        list(protobuf.texts(b"\x09" + bytes(8)))


def test_messages_are_counted_without_being_read() -> None:
    message = (
        protobuf.integer(3, 300)
        + protobuf.text(7, "x" * 300) * 2
        + protobuf.text(6, "")
        + protobuf.text(7, "")
    )
    assert [protobuf.count(message, number) for number in (3, 6, 7)] == [0, 1, 3]
    with pytest.raises(protobuf.NotUnderstood, match="a key is 9"):
        protobuf.count(b"\x09" + bytes(8), 1)


def test_a_device_counts_what_comes_and_what_it_missed() -> None:
    arrivals, here = ArrivalCounter(), ArrivalCounter()
    feed = Feed("ada", arrivals, here)
    feed.on_push(protobuf.text(10, connected(result(missed=3), subscriptions=4)))
    feed.on_push(publication())
    assert (arrivals.count, here.count) == (4, 1)


def test_a_device_comes_back_to_where_it_was_first(feed: Feed) -> None:
    assert [number for number, _ in protobuf.texts(feed.request())] == [1]
    for offset in (300, 800):
        feed.on_push(protobuf.text(10, connected(result(offset=offset), subscriptions=4)))
    ((_, recovery),) = [part for part in protobuf.texts(feed.request()) if part[0] == 3]
    wanted = dict(protobuf.texts(recovery))[2]
    assert dict(protobuf.integers(wanted)) == {3: 1, 7: 300}
    assert dict(protobuf.texts(wanted)) == {6: b"an epoch"}


def test_a_device_that_is_sent_away_fails_the_run(feed: Feed) -> None:
    with pytest.raises(CallFailed, match="ended a connection"):
        feed.on_push(protobuf.text(11, protobuf.text(2, "stale")))


@pytest.mark.parametrize("number", [1, 2])
def test_an_error_in_an_answer_that_is_ok_fails_the_run(number: int) -> None:
    error = protobuf.text(number, protobuf.integer(1, 102))
    answer = error if number == 1 else protobuf.text(1, error)
    request = Request(PUBLISH if number == 1 else BATCH, "", b"")
    with pytest.raises(CallFailed, match="Centrifugo"):
        check(request, answer)
    check(request, b"")


def test_a_batch_has_bursts_to_users_in_turn() -> None:
    (batch,) = batches(["ada", "bob"], 1, 8, 2)
    channels = [
        dict(protobuf.texts(publication))[1].decode()
        for _, command in protobuf.texts(batch.body)
        for _, publication in protobuf.texts(command)
    ]
    assert channels == [f"users:{user}" for user in ("ada", "ada", "bob", "bob") * 2]
    (single,) = publishes(["ada"], 1)
    assert dict(protobuf.texts(single.body))[1] == b"users:ada"


def reply(number: int, body: bytes) -> bytes:
    """A binary message of a WebSocket with one reply."""
    content = protobuf.text(number, body)
    data = protobuf.varint(len(content)) + content
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2, "big")
    return b"\x82" + size + data


@asynccontextmanager
async def answering(pieces: list[bytes], heard: "asyncio.Queue[bytes]") -> AsyncIterator[str]:
    """Serve WebSockets: a handshake, and these pieces once something is asked. Heard last is an empty one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HANDSHAKE)
        heard.put_nowait(await reader.read(1 << 16))
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        with suppress(ConnectionResetError):
            while data := await reader.read(1 << 16):
                heard.put_nowait(data)
        writer.close()
        heard.put_nowait(b"")

    async with accepting(serve) as port:
        yield f"{HOST}:{port}"


async def test_messages_may_be_split_anywhere_and_pings_are_answered() -> None:
    # Given a server that answers a connection, publishes twice and pings, byte by byte
    ping = b"\x82\x01\x00"
    said = reply(5, connected(result(missed=2), subscriptions=6)) + 2 * reply(4, publication()) + ping
    arrivals, here = ArrivalCounter(), ArrivalCounter()
    device = WebSocketDevice(Feed("ada", arrivals, here))
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    async with answering([said[at : at + 1] for at in range(len(said))], heard) as address:
        # When a device connects, then it has all of it once
        await device.connect(address)
        await arrivals.until(4)
        # And has sent its request, and an answer to the ping
        sent = b""
        while not sent.endswith(b"\x82\x81\0\0\0\0\0"):
            sent += await heard.get()
        device.close()
        assert await heard.get() == b""
    assert (arrivals.count, here.count) == (4, 1)
    assert CHANNEL.encode() not in sent
    assert sent[:2] == b"\x82\xfe"
