"""Reads one request of a call, for so long and so large as it may be. Knows no messages and no tokens.

The handler is one that may read many, in gRPC's terms: it runs when there are headers, and what it does not
read is bounded by flow control. On the wire a single request looks the same.
"""

import asyncio
from functools import partial

from unisono.server.api.error_boundary import Context
from unisono.server.api.sizes import SMALL, check_size
from unisono.server.clock import Clock, SingleWaiterEvent


async def read(context: Context, clock: Clock, seconds: float) -> bytes | None:
    """The next request; None when the client sends no more.

    Raises `TimeoutError` when it does not come in time, and then the caller must end the call: gRPC cannot
    give a read up, but ends one that waits when its call ends. Raises `RequestTooLarge` beyond `SMALL` bytes.
    """
    done = SingleWaiterEvent()
    reading = asyncio.ensure_future(context.read())
    reading.add_done_callback(partial(_wake, done))
    if not await clock.wait(done, seconds):
        raise TimeoutError
    request: object = reading.result()
    if not isinstance(request, bytes):
        return None
    check_size(request, SMALL)
    return request


def _wake(done: SingleWaiterEvent, reading: "asyncio.Future[bytes]") -> None:
    """What a read raises when its call has ended is seen here, or asyncio would log that nobody has."""
    if not reading.cancelled():
        reading.exception()
    done.set()
