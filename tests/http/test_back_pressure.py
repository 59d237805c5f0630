"""However wide a client makes its windows, no more waits for it than its socket and one stream hold."""

import asyncio

from tests.http.listening import at_rest, come_true, echo, listening
from tests.support.http2 import frames
from tests.support.http2.frames import END_STREAM, HEADERS
from unisono.server.api.http.exchange import ClientGone, Exchange

MEBIBYTE = 1 << 20


class Pouring:
    """Sends as much as it may, without ever giving way by itself."""

    def __init__(self) -> None:
        self.written = 0

    async def __call__(self, exchange: Exchange) -> None:
        if exchange.path != b"/":
            await echo(exchange)
            return
        exchange.respond(200, ())
        while self.written < 1000 * MEBIBYTE:
            await exchange.write(bytes(16_384))
            self.written += 16_384


async def test_who_writes_waits_for_a_client_that_does_not_read() -> None:
    # Given a client that takes anything, and reads nothing.
    pouring = Pouring()
    async with listening(pouring) as served:
        client = await served.connect(receive_buffer=65_536)
        client.say(frames.more_room(0, 1 << 30))
        client.ask(1, end=False)
        client.say(frames.more_room(1, 1 << 30))
        # When a response pours, until it cannot.
        written = await at_rest(served, lambda: pouring.written)
        # Then that is what the socket holds, and not much more.
        assert written < 50 * MEBIBYTE


async def test_who_writes_on_and_on_leaves_others_their_turn() -> None:
    # Given a client that reads, and a response that pours.
    pouring = Pouring()
    async with listening(pouring) as served:
        client, other = await served.connect(), await served.connect()
        client.say(frames.more_room(0, 1 << 30))
        client.ask(1, end=False)
        client.say(frames.more_room(1, 1 << 30))
        reading = asyncio.create_task(client.rest())
        await come_true(lambda: pouring.written)
        # When another client asks.
        other.ask(1, b"/other")
        await other.until(HEADERS, 1, flags=END_STREAM)
        # Then it is answered before all of that has gone.
        assert pouring.written < 1000 * MEBIBYTE
        reading.cancel()


async def test_who_writes_much_beside_a_handler_that_resets_is_told() -> None:
    told = asyncio.Event()

    async def write(exchange: Exchange) -> None:
        try:
            await exchange.write(bytes(MEBIBYTE))
        except ClientGone:
            told.set()

    async def reset(exchange: Exchange) -> None:
        exchange.respond(200, ())
        writing = asyncio.create_task(write(exchange))
        # It has written now, and gives others their turn.
        await asyncio.sleep(0)
        exchange.reset()
        await writing

    async with listening(reset) as served:
        client = await served.connect()
        client.say(frames.more_room(0, 1 << 30))
        client.ask(1, end=False)
        client.say(frames.more_room(1, 1 << 17))
        await told.wait()
