"""Who may come in is decided at the headers, and who is let in has to bring its request in time.

Spoken on the wire by hand: no library of gRPC behaves like this.
"""

import asyncio
import gc
import logging
import struct
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hpack import Decoder
from structlog.testing import capture_logs

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.http2 import frames
from tests.support.http2.call import framed, request_headers
from tests.support.methods import Method, methods
from tests.support.nodes import TRANSPORT, Running, Setup, running
from tests.support.processes import TIMEOUT
from unisono.server.api.receiving import Receiver
from unisono.server.api.transport import Transport

NO_TOKEN = request_headers("/unisono.v1.NotificationService/SendNotification", "localhost", "")
GOOD = request_headers("/unisono.v1.FeedService/GetFeed", "localhost", tokens.device())
STREAM = request_headers("/unisono.v1.FeedService/Subscribe", "localhost", tokens.device())

#: The prefix of a message of 7.9 MB (gRPC over HTTP/2, "Length-Prefixed-Message").
ANNOUNCED = struct.pack(">?I", False, 7_900_000)

#: An identifier of a setting (RFC 9113, section 6.5.2).
MAX_CONCURRENT_STREAMS = 3


class Http2Client:
    """One connection, and all frames that came on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.frames: list[frames.Frame] = []
        self._reset: set[int] = set()
        self.answers_pings = True
        self._reader, self._writer = reader, writer
        self._decoder = Decoder()
        self._buffer = bytearray()

    def send(self, *parts: bytes) -> None:
        self._writer.write(b"".join(parts))

    async def until(self, there: Callable[[], object]) -> None:
        """Read until something came, or fail when the connection ends."""
        while not there():
            assert await self._read(), "the connection ended"

    async def ended(self) -> None:
        """Read until the server closes the connection."""
        while await self._read():
            pass

    async def _read(self) -> bool:
        data = await self._reader.read(65_536)
        self._buffer += data
        for frame in frames.take_frames(self._buffer):
            self.frames.append(frame)
            if frame.kind == frames.RST_STREAM:
                self._reset.add(frame.stream_id)
            if frame.kind == frames.PING and self.answers_pings and not frame.flags & frames.ACK:
                self.send(frames.frame(frames.PING, frames.ACK, 0, frame.payload))
        return bool(data)

    def of(self, kind: int, stream_id: int) -> list[frames.Frame]:
        """The frames of a kind so far on one stream; 0 is none."""
        return [frame for frame in self.frames if (frame.kind, frame.stream_id) == (kind, stream_id)]

    def gone(self, stream_id: int) -> bool:
        """The server has forgotten the call: its answer is complete, and the rest of the request unwanted."""
        return stream_id in self._reset

    def status(self, stream_id: int) -> dict[str, str]:
        """The trailers of a call; those of all before must have been asked for."""
        (frame,) = self.of(frames.HEADERS, stream_id)
        return {str(name): str(value) for name, value in self._decoder.decode(frame.payload)}


@asynccontextmanager
async def wire(node: Running) -> AsyncIterator[Http2Client]:
    host, port = node.target.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    opened = Http2Client(reader, writer)
    opened.send(frames.greeting(), frames.frame(frames.SETTINGS, frames.ACK, 0, b""))
    try:
        async with asyncio.timeout(TIMEOUT):
            yield opened
    finally:
        writer.transport.abort()


@asynccontextmanager
async def serving_with(path: Path, transport: Transport) -> AsyncIterator[Running]:
    async with running(Setup(path=path / "unisono.db", transport=transport)) as node:
        yield node


def headers(stream_id: int, block: bytes, flags: int = frames.END_HEADERS) -> bytes:
    return frames.frame(frames.HEADERS, flags, stream_id, block)


def data(stream_id: int, payload: bytes, flags: int = 0) -> bytes:
    parts = (payload[at : at + 16_384] for at in range(0, len(payload), 16_384))
    return b"".join(frames.frame(frames.DATA, flags, stream_id, part) for part in parts)


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.path)
async def test_without_a_token_headers_are_enough_to_be_refused(serving: Running, method: Method) -> None:
    """Nothing else of the call ever comes."""
    async with wire(serving) as stranger:
        stranger.send(headers(1, request_headers(method.path, "localhost", "x")))

        await stranger.until(lambda: stranger.gone(1))

        assert stranger.status(1)["grpc-status"] == "16"


async def test_without_a_token_nothing_is_read_of_a_request(serving: Running) -> None:
    """Whoever is to send more is told so: that a window is larger (RFC 9113, section 6.9)."""
    calls = range(1, 600, 2)
    async with wire(serving) as stranger:
        for call in calls:
            stranger.send(headers(call, NO_TOKEN), data(call, ANNOUNCED + b"x" * 100))

        await stranger.until(lambda: all(stranger.gone(call) for call in calls))

        assert not [call for call in calls if stranger.of(frames.WINDOW_UPDATE, call)]


async def test_with_a_token_a_large_request_is_read(serving: Running) -> None:
    """As a proof that the test before could have failed."""
    async with wire(serving) as device:
        device.send(headers(1, GOOD), data(1, ANNOUNCED + b"x" * 65_000))

        await device.until(lambda: device.of(frames.WINDOW_UPDATE, 1))


async def test_refusals_leave_no_more_to_collect_than_any_call(serving: Running) -> None:
    """gRPC keeps the exception that ends a call, and by its traceback the call: a circle of fifty objects.

    One of five is its own.
    """
    async with wire(serving) as stranger:
        await refused_by(stranger, range(1, 20, 2))
        gc.collect()
        gc.disable()
        try:
            await refused_by(stranger, range(21, 621, 2))
            assert gc.collect() < 300 * 10
        finally:
            gc.enable()


async def refused_by(stranger: Http2Client, calls: Iterable[int]) -> None:
    """Refusals one after another, until the server has forgotten them."""
    for call in calls:
        stranger.send(headers(call, NO_TOKEN))
        await stranger.until(partial(stranger.gone, call))


@pytest.fixture
def receivers(monkeypatch: pytest.MonkeyPatch) -> list[Receiver]:
    """The receivers that are made while a test runs."""
    made: list[Receiver] = []
    original = Receiver.__init__

    def remembered(self: Receiver, timeout: float) -> None:
        original(self, timeout)
        made.append(self)

    monkeypatch.setattr(Receiver, "__init__", remembered)
    return made


@pytest.mark.parametrize("block", [GOOD, STREAM], ids=["one response", "many responses"])
@pytest.mark.parametrize("sent", [b"", ANNOUNCED[:3], ANNOUNCED + b"x"], ids=["nothing", "a prefix", "some"])
async def test_a_request_that_is_not_complete_in_time_ends_its_call(
    tmp_path: Path, block: bytes, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        serving_with(tmp_path, replace(TRANSPORT, request_timeout=0.2)) as node,
        wire(node) as device,
    ):
        with capture_logs() as entries:
            device.send(headers(1, block), data(1, sent))
            await device.until(lambda: device.gone(1))

        status = device.status(1)
        assert status["grpc-status"] == "4"
        assert status["grpc-message"] == "the request did not arrive as a whole within 0.2 s"
        raised = [entry["reason"] for entry in entries if entry["event"] == "call refused"]
        assert raised == ["REQUEST_INCOMPLETE"]
    assert not caplog.records


async def test_calls_are_overdue_in_the_order_in_which_they_began(
    tmp_path: Path, receivers: list[Receiver]
) -> None:
    async with (
        serving_with(tmp_path, replace(TRANSPORT, request_timeout=1)) as node,
        wire(node) as device,
    ):
        for call in (1, 3, 5):
            device.send(headers(call, GOOD))
            await asyncio.sleep(0.05)
        device.send(data(3, framed(b""), frames.END_STREAM))

        await device.until(lambda: device.gone(5))

        ended = [frame.stream_id for frame in device.frames if frame.kind == frames.RST_STREAM]
        assert ended == [1, 5]
        assert {receiver.waiting for receiver in receivers} == {0}


async def test_a_client_that_gives_up_before_its_request_is_nobodys_error(
    serving: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with capture_logs() as entries, caplog.at_level(logging.WARNING):
        async with wire(serving) as device:
            # As many as are taken of a client in one turn.
            for call in range(1, 8, 2):
                block = GOOD if call % 4 == 1 else STREAM
                device.send(headers(call, block), data(call, ANNOUNCED), frames.given_up(call))
            device.send(headers(101, NO_TOKEN))  # which comes to the server after all others
            await device.until(lambda: device.gone(101))
        await ApiClient(serving.user(), endpoint_id="phone").feed()

    said = [entry for entry in entries if entry["log_level"] != "debug"]
    assert [entry["event"] for entry in said if entry.get("reason") != "TOKEN_INVALID"] == []
    assert not caplog.records


async def test_a_call_without_a_request_is_malformed(serving: Running) -> None:
    async with wire(serving) as device:
        device.send(headers(1, GOOD, frames.END_HEADERS | frames.END_STREAM))

        await device.until(lambda: device.of(frames.HEADERS, 1))

        assert device.status(1)["grpc-status"] == "3"


async def test_a_connection_has_as_many_streams_as_the_setting_says(tmp_path: Path) -> None:
    async with (
        serving_with(tmp_path, replace(TRANSPORT, streams_per_connection=3)) as node,
        wire(node) as device,
    ):
        await device.until(lambda: device.of(frames.SETTINGS, 0))

        (first, *_) = device.of(frames.SETTINGS, 0)
        settings = dict(struct.iter_unpack(">HI", first.payload))
        assert settings[MAX_CONCURRENT_STREAMS] == 3


async def test_a_connection_without_calls_is_closed_after_a_while(tmp_path: Path) -> None:
    async with (
        serving_with(tmp_path, replace(TRANSPORT, connection_idle=1)) as node,
        wire(node) as busy,
    ):
        busy.send(headers(1, STREAM), data(1, framed(b"\x12\x05phone\x18\x06"), frames.END_STREAM))
        await busy.until(lambda: busy.of(frames.DATA, 1))

        async with wire(node) as idle:
            await idle.ended()

        busy.send(frames.frame(frames.PING, 0, 0, b"still up"))
        await busy.until(lambda: b"still up" in [ping.payload for ping in busy.of(frames.PING, 0)])
        assert not busy.of(frames.GOAWAY, 0)


async def test_a_connection_whose_headers_never_end_is_closed_after_a_while(tmp_path: Path) -> None:
    async with (
        serving_with(tmp_path, replace(TRANSPORT, connection_idle=1)) as node,
        wire(node) as stranger,
    ):
        stranger.send(headers(1, NO_TOKEN[:5], flags=0))

        await stranger.ended()
