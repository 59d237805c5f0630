"""A call on an exchange: its messages, its end, its deadline, and who is woken by what."""

import asyncio

import grpc
import pytest

from tests.grpc_protocol.exchanges import CALL, HeldExchange
from tests.grpc_protocol.handling import LIMIT, echo, echo_all, handled
from unisono.server.api.call import Call
from unisono.server.api.rpc.call import CallAborted
from unisono.server.api.rpc.envelopes import framed
from unisono.server.model.client_certificate import ClientCertificate


async def test_one_response() -> None:
    exchange = await handled(HeldExchange(parts=[framed(b"hello"), b""]), echo)

    assert (exchange.status, exchange.response_headers) == (200, ((b"content-type", b"application/grpc"),))
    assert exchange.body == framed(b"hello")
    assert exchange.trailers == ((b"grpc-status", b"0"),)


async def test_constant_headers_are_the_same_objects() -> None:
    one = await handled(HeldExchange(parts=[framed(b"1"), b""]), echo)
    two = await handled(HeldExchange(parts=[framed(b"2"), b""]), echo)

    assert one.response_headers is two.response_headers
    assert one.trailers is two.trailers


async def test_metadata_are_there_until_a_response_is_written() -> None:
    async def handle(call: Call) -> None:
        assert dict(call.metadata) == {"authorization": "Bearer a"}
        await call.write(b"")
        # An open stream is not to keep its token.
        assert not list(call.metadata)

    headers = (*CALL, (b"authorization", b"Bearer a"))
    exchange = await handled(HeldExchange(headers=headers, parts=[b""]), handle)

    assert exchange.grpc_status == b"0"


async def test_the_certificate_of_the_connection_is_that_of_the_call() -> None:
    async def handle(call: Call) -> bytes | None:
        assert call.client_certificate is exchange.client_certificate
        return await echo(call)

    exchange = HeldExchange(parts=[b""])
    exchange.client_certificate = ClientCertificate(thumbprint="a", expire_time=0)

    assert (await handled(exchange, handle)).grpc_status == b"0"


async def test_who_is_known_is_known_to_the_connection() -> None:
    async def handle(call: Call) -> bytes | None:
        call.known()
        return await echo(call)

    exchange = await handled(HeldExchange(parts=[b""]), handle)

    assert exchange.is_known


async def test_both_sides_stream() -> None:
    # Given a call whose handler answers each message.
    exchange = HeldExchange()
    running = asyncio.create_task(handled(exchange, echo_all))
    # When messages come in halves, and two in one.
    body = framed(b"one") + framed(b"two") + framed(b"")
    exchange.send(body[:6])
    exchange.send(body[6:])
    exchange.send(b"")
    # Then all are answered in order, and the call ends well.
    await running
    assert exchange.body == body
    assert exchange.grpc_status == b"0"


async def test_nothing_written_is_one_block_of_headers() -> None:
    async def handle(call: Call) -> None:
        call.set_trailing_metadata((("x-request-id", "abc"),))

    exchange = await handled(HeldExchange(parts=[b""]), handle)

    assert exchange.response_headers == (
        (b"content-type", b"application/grpc"),
        (b"grpc-status", b"0"),
        (b"x-request-id", b"abc"),
    )
    assert exchange.ended
    assert not exchange.trailers


async def test_trailing_metadata_after_messages() -> None:
    async def handle(call: Call) -> bytes:
        call.set_trailing_metadata((("x-request-id", "abc"), ("more-bin", b"\0")))
        return b""

    exchange = await handled(HeldExchange(parts=[b""]), handle)

    assert exchange.trailers == ((b"grpc-status", b"0"), (b"x-request-id", b"abc"), (b"more-bin", b"AA"))


async def test_abort_before_any_message() -> None:
    async def handle(call: Call) -> None:
        await call.abort(grpc.StatusCode.NOT_FOUND, "100 %", (("details-bin", b"\0"),))

    exchange = await handled(HeldExchange(), handle)

    assert exchange.response_headers == (
        (b"content-type", b"application/grpc"),
        (b"grpc-status", b"5"),
        (b"grpc-message", b"100 %25"),
        (b"details-bin", b"AA"),
    )
    assert exchange.ended


async def test_abort_after_a_message() -> None:
    async def handle(call: Call) -> None:
        await call.write(b"first")
        await call.abort(grpc.StatusCode.UNAVAILABLE, "")

    exchange = await handled(HeldExchange(), handle)

    assert exchange.body == framed(b"first")
    assert exchange.trailers == ((b"grpc-status", b"14"),)


async def test_an_abort_from_another_task_wakes_the_reader() -> None:
    # Given a handler that waits for a request, and its call.
    calls: list[Call] = []
    raised: list[type[BaseException]] = []

    async def handle(call: Call) -> bytes | None:
        calls.append(call)
        try:
            return await call.read(LIMIT)
        except BaseException as error:
            raised.append(type(error))
            raise

    exchange = HeldExchange()
    running = asyncio.create_task(handled(exchange, handle))
    await exchange.reading.wait()
    # When another task ends the call.
    with pytest.raises(CallAborted):
        await calls[0].abort(grpc.StatusCode.DEADLINE_EXCEEDED, "too slow")
    # Then the handler sees that as its own end, and the client the status.
    await running
    assert raised == [CallAborted]
    assert exchange.grpc_status == b"4"
    assert running.cancelling() == 0


async def test_an_abort_wakes_a_reader_in_another_task_than_the_handler() -> None:
    # Given a handler that has another task read.
    reading: list[asyncio.Task[bytes | None]] = []

    async def handle(call: Call) -> None:
        reading.append(asyncio.ensure_future(call.read(LIMIT)))
        await exchange.reading.wait()
        await call.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "too slow")

    exchange = HeldExchange()
    # When the handler ends the call.
    await handled(exchange, handle)
    # Then that task ends, too.
    with pytest.raises(CallAborted):
        await reading[0]


async def test_the_end_of_a_handler_wakes_who_still_reads() -> None:
    reading: list[asyncio.Task[bytes | None]] = []

    async def handle(call: Call) -> bytes:
        reading.append(asyncio.ensure_future(call.read(LIMIT)))
        await exchange.reading.wait()
        return b"done"

    exchange = HeldExchange()
    await handled(exchange, handle)

    with pytest.raises(CallAborted):
        await reading[0]
    assert exchange.grpc_status == b"0"


async def test_a_call_that_has_ended_takes_nothing_more() -> None:
    raised: list[type[BaseException]] = []

    async def handle(call: Call) -> bytes:
        with pytest.raises(CallAborted):
            await call.abort(grpc.StatusCode.ABORTED, "first")
        for action in (call.read(LIMIT), call.write(b""), call.abort(grpc.StatusCode.INTERNAL, "second")):
            try:
                await action
            except CallAborted as error:
                raised.append(type(error))
        return b"never sent"

    exchange = await handled(HeldExchange(parts=[framed(b"a")]), handle)

    assert raised == [CallAborted] * 3
    assert (exchange.grpc_status, exchange.grpc_message) == (b"10", b"first")
    assert not exchange.body
