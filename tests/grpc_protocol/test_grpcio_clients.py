"""grpcio's client, through the listener, gets what it would get of grpcio's server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import pytest

from tests.http.listening import listening
from tests.support.processes import TIMEOUT
from unisono.server.api.call import Call, Rpc
from unisono.server.api.router import Router

LIMIT = 8 * 1024 * 1024
LARGE = bytes(range(256)) * 4096 * 4


class Methods:
    """Methods that do one thing each, as their names say. `cancelled` is set once a handler was."""

    def __init__(self) -> None:
        self.cancelled = asyncio.Event()
        self.metadata: list[tuple[str, str | bytes]] = []

    def router(self) -> Router:
        handles: dict[str, Callable[[Call], Awaitable[bytes | None]]] = {
            "Echo": self.echo,
            "EchoAll": self.echo_all,
            "Count": self.count,
            "Many": self.many,
            "Refuse": self.refuse,
            "Wait": self.wait,
        }
        return Router(
            {"unisono.Test": {name: Rpc(handle) for name, handle in handles.items()}}, Rpc(self.unknown)
        )

    async def echo(self, call: Call) -> bytes | None:
        self.metadata = list(call.metadata)
        call.set_trailing_metadata((("x-request-id", "abc"), ("more-bin", b"\0\xff")))
        return await call.read(LIMIT)

    async def echo_all(self, call: Call) -> None:
        while (message := await call.read(LIMIT)) is not None:
            await call.write(message)

    async def count(self, call: Call) -> bytes:
        number = 0
        while await call.read(LIMIT) is not None:
            number += 1
        return b"%d" % number

    async def many(self, call: Call) -> None:
        await call.read(LIMIT)
        for _ in range(50):
            await call.write(LARGE[:500_000])

    async def refuse(self, call: Call) -> None:
        await call.abort(grpc.StatusCode.FAILED_PRECONDITION, "für 100 %\n", (("details-bin", b"\0"),))

    async def wait(self, call: Call) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()

    async def unknown(self, call: Call) -> None:
        await call.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method")


@pytest.fixture
async def methods() -> Methods:
    return Methods()


@pytest.fixture
async def channel(methods: Methods) -> AsyncIterator[grpc.aio.Channel]:
    options = [("grpc.max_receive_message_length", LIMIT)]
    async with (
        listening(methods.router().handle) as served,
        grpc.aio.insecure_channel(f"127.0.0.1:{served.port}", options=options) as channel,
    ):
        yield channel


def unary(channel: grpc.aio.Channel, name: str) -> "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]":
    return channel.unary_unary(f"/unisono.Test/{name}")


def streaming(channel: grpc.aio.Channel, name: str) -> "grpc.aio.StreamStreamMultiCallable[bytes, bytes]":
    return channel.stream_stream(f"/unisono.Test/{name}")


@pytest.mark.parametrize("size", [0, 1, 16_379, 16_384, 100_000, len(LARGE)])
async def test_messages_of_any_size(channel: grpc.aio.Channel, size: int) -> None:
    assert await unary(channel, "Echo")(LARGE[:size], timeout=TIMEOUT) == LARGE[:size]


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
async def test_compressed(channel: grpc.aio.Channel, compression: grpc.Compression) -> None:
    assert await unary(channel, "Echo")(LARGE, timeout=TIMEOUT, compression=compression) == LARGE


async def test_an_encoding_that_is_unknown(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await unary(channel, "Echo")(LARGE, timeout=TIMEOUT, compression=grpc.Compression.Deflate)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_metadata_both_ways(channel: grpc.aio.Channel, methods: Methods) -> None:
    call = unary(channel, "Echo")(b"", timeout=TIMEOUT, metadata=(("key", "value"), ("raw-bin", b"\0\1\2")))
    await call

    assert dict(await call.trailing_metadata() or ()) == {"x-request-id": "abc", "more-bin": b"\0\xff"}
    assert ("key", "value") in methods.metadata
    assert ("raw-bin", b"\0\1\2") in methods.metadata
    assert {key for key, _ in methods.metadata} == {"key", "raw-bin", "user-agent"}


async def test_the_status_of_a_refusal(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await unary(channel, "Refuse")(b"", timeout=TIMEOUT)

    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert refused.value.details() == "für 100 %\n"
    assert dict(refused.value.trailing_metadata() or ()) == {"details-bin": b"\0"}


async def test_a_method_that_does_not_exist(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await unary(channel, "Nothing")(b"", timeout=TIMEOUT)
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_the_client_streams(channel: grpc.aio.Channel) -> None:
    count: grpc.aio.StreamUnaryMultiCallable[bytes, bytes] = channel.stream_unary("/unisono.Test/Count")

    assert await count((b"x" * number for number in range(500)), timeout=TIMEOUT) == b"500"


async def test_both_sides_stream(channel: grpc.aio.Channel) -> None:
    call = streaming(channel, "EchoAll")(timeout=TIMEOUT)
    for message in (b"one", b"", LARGE):
        await call.write(message)
        assert await call.read() == message
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


async def test_the_server_streams_more_than_windows_hold(channel: grpc.aio.Channel) -> None:
    many: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream("/unisono.Test/Many")

    assert [len(message) async for message in many(b"", timeout=TIMEOUT)] == [500_000] * 50


async def test_a_deadline_ends_the_handler(channel: grpc.aio.Channel, methods: Methods) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await unary(channel, "Wait")(b"", timeout=0.1)

    assert refused.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await asyncio.wait_for(methods.cancelled.wait(), TIMEOUT)


async def test_a_client_that_cancels_ends_the_handler(channel: grpc.aio.Channel, methods: Methods) -> None:
    call = streaming(channel, "Wait")(timeout=TIMEOUT)
    await call.write(b"")

    call.cancel()

    await asyncio.wait_for(methods.cancelled.wait(), TIMEOUT)


async def test_many_calls_at_a_time(channel: grpc.aio.Channel) -> None:
    messages = [b"%d" % number * 1000 for number in range(300)]

    answers = await asyncio.gather(*(unary(channel, "Echo")(one, timeout=TIMEOUT) for one in messages))

    assert answers == messages
