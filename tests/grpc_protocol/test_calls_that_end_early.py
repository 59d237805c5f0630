"""Calls end early: the client is gone, its deadline has passed, or the request is none."""

import asyncio
import weakref

import grpc
import pytest
from structlog.testing import capture_logs

from tests.grpc_protocol.exchanges import CALL, HeldExchange
from tests.grpc_protocol.handling import LIMIT, echo, handled, router
from tests.support.garbage import uncollected
from unisono.server.api.call import Call
from unisono.server.api.http.exchange import ClientGone, Headers
from unisono.server.api.rpc.call import CallAborted
from unisono.server.api.rpc.envelopes import framed
from unisono.server.errors import RequestTooLarge


async def test_a_client_that_is_gone_cancels_the_handler() -> None:
    exchange = HeldExchange()
    running = asyncio.create_task(router(echo).handle(exchange))
    await exchange.reading.wait()

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert exchange.status is None


@pytest.mark.parametrize("headers", [CALL, (*CALL, (b"grpc-timeout", b"1H"))], ids=["for ever", "in time"])
async def test_nothing_of_a_cancelled_call_waits_for_the_garbage_collector(headers: Headers) -> None:
    exchange = HeldExchange(headers=headers)
    left = weakref.ref(exchange)
    running = asyncio.create_task(router(echo).handle(exchange))
    await exchange.reading.wait()

    with uncollected():
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()
        del exchange, running
        assert left() is None


async def test_it_wakes_who_reads_for_the_handler() -> None:
    reading: list[asyncio.Task[bytes | None]] = []

    async def handle(call: Call) -> None:
        reading.append(asyncio.ensure_future(call.read(LIMIT)))
        await asyncio.Event().wait()

    exchange = HeldExchange()
    running = asyncio.create_task(router(handle).handle(exchange))
    await exchange.reading.wait()
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(CallAborted):
        await reading[0]


async def test_a_client_that_is_gone_wins_over_an_abort() -> None:
    # Given a handler that waits for a request.
    calls: list[Call] = []

    async def handle(call: Call) -> bytes | None:
        calls.append(call)
        return await call.read(LIMIT)

    exchange = HeldExchange()
    running = asyncio.create_task(router(handle).handle(exchange))
    await exchange.reading.wait()
    # When another task ends the call, and the client goes, before the handler has run again.
    with pytest.raises(CallAborted):
        await calls[0].abort(grpc.StatusCode.DEADLINE_EXCEEDED, "too slow")
    running.cancel()
    # Then the cancellation is not lost.
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_write_to_a_client_that_is_gone() -> None:
    raised: list[type[BaseException]] = []

    async def handle(call: Call) -> None:
        exchange.is_gone = True
        try:
            await call.write(b"lost")
        except call.gone as error:
            raised.append(type(error))
            raise

    exchange = HeldExchange()
    with capture_logs() as logs:
        await handled(exchange, handle)

    assert raised == [ClientGone]
    assert not logs


async def test_a_read_of_a_client_that_is_gone_is_the_end() -> None:
    found: list[bytes | None] = []

    async def handle(call: Call) -> None:
        found.append(await call.read(LIMIT))

    exchange = HeldExchange()
    exchange.is_gone = True
    await handled(exchange, handle)

    assert found == [None]


async def test_a_write_waits_for_room() -> None:
    # Given an exchange without room for more than one message.
    async def handle(call: Call) -> None:
        await call.write(b"one")
        await call.write(b"two")

    exchange = HeldExchange()
    exchange.room.clear()
    running = asyncio.create_task(handled(exchange, handle))
    await exchange.written.wait()
    assert exchange.body == framed(b"one")
    # When there is room again.
    exchange.room.set()
    # Then the next goes out.
    await running
    assert exchange.body == framed(b"one") + framed(b"two")


async def test_a_deadline_ends_the_handler_and_the_call() -> None:
    cancelled = asyncio.Event()

    async def handle(call: Call) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    exchange = await handled(HeldExchange(headers=(*CALL, (b"grpc-timeout", b"1m"))), handle)

    assert cancelled.is_set()
    assert (exchange.status, exchange.grpc_status) == (200, b"4")


async def test_a_deadline_ends_a_read() -> None:
    exchange = await handled(HeldExchange(headers=(*CALL, (b"grpc-timeout", b"1m"))), echo)

    assert exchange.grpc_status == b"4"


async def test_a_deadline_after_a_message() -> None:
    async def handle(call: Call) -> None:
        await call.write(b"first")
        await asyncio.Event().wait()

    exchange = await handled(HeldExchange(headers=(*CALL, (b"grpc-timeout", b"1m"))), handle)

    assert exchange.body == framed(b"first")
    assert exchange.grpc_status == b"4"


async def test_a_deadline_that_has_not_passed_does_nothing() -> None:
    headers = (*CALL, (b"grpc-timeout", b"99999999H"))

    exchange = await handled(HeldExchange(headers=headers, parts=[framed(b"a"), b""]), echo)

    assert exchange.grpc_status == b"0"


async def test_a_deadline_does_nothing_after_the_call() -> None:
    # Given a call that has ended before its deadline.
    headers = (*CALL, (b"grpc-timeout", b"1m"))
    await handled(HeldExchange(headers=headers, parts=[framed(b"a"), b""]), echo)
    # When that passes while its task does something else.
    later = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.01, later.set_result, "gone on")
    # Then it goes on.
    assert await later == "gone on"


async def test_a_client_that_goes_at_its_deadline_is_gone() -> None:
    # Given a handler that is cancelled by its deadline, and takes a moment to end.
    stopping = asyncio.Event()

    async def handle(call: Call) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopping.set()
            await asyncio.Event().wait()

    exchange = HeldExchange(headers=(*CALL, (b"grpc-timeout", b"1m")))
    running = asyncio.create_task(router(handle).handle(exchange))
    await stopping.wait()
    # When the client goes meanwhile.
    running.cancel()
    # Then that is what it ends with.
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_failing_handler_is_logged_and_tells_nothing() -> None:
    async def handle(call: Call) -> None:
        raise ZeroDivisionError("secret")

    with capture_logs() as logs:
        exchange = await handled(HeldExchange(), handle)

    assert (exchange.grpc_status, exchange.grpc_message) == (b"2", b"a fault of the server")
    assert [entry["log_level"] for entry in logs] == ["error"]


async def test_too_large_a_request_is_not_received() -> None:
    # Given a request that says it has a mebibyte, and has sent a part of it.
    async def handle(call: Call) -> None:
        with pytest.raises(RequestTooLarge):
            await call.read(LIMIT)

    exchange = HeldExchange(parts=[framed(bytes(1024 * 1024))[:16], bytes(100), bytes(100)])
    # When it is read, within a limit.
    await handled(exchange, handle)
    # Then it is refused by its prefix, and no other part was read.
    assert exchange.unread == 2


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([b"\0\0\0\0", b""], b"the body ends within a message"),
        ([framed(b"abc")[:-1], b""], b"the body ends within a message"),
        ([b"\1\0\0\0\0", b""], b"a message is compressed as nobody said, or its flag is unknown"),
    ],
)
async def test_a_body_that_breaks_the_protocol(parts: list[bytes], message: bytes) -> None:
    exchange = await handled(HeldExchange(parts=parts), echo)

    assert (exchange.grpc_status, exchange.grpc_message) == (b"13", message)


async def test_no_message_at_all() -> None:
    found: list[bytes | None] = []

    async def handle(call: Call) -> None:
        found.append(await call.read(LIMIT))
        found.append(await call.read(LIMIT))

    await handled(HeldExchange(parts=[b""]), handle)

    assert found == [None, None]


async def test_metadata_and_peer() -> None:
    found: list[object] = []

    async def handle(call: Call) -> None:
        found.extend((call.peer(), list(call.metadata)))

    await handled(HeldExchange(headers=(*CALL, (b"key", b"value")), parts=[b""]), handle)

    assert found == ["ipv4:192.0.2.1:4711", [("key", "value")]]
