"""Reads one small request of a call, within a time limit.

A handler runs as soon as the headers are there, and what it does not read is bounded by flow control.
"""

import asyncio
from functools import partial

from unisono.server.api.call import Call
from unisono.server.api.sizes import SMALL
from unisono.server.clock import Clock, SingleWaiterEvent


async def read(call: Call, clock: Clock, seconds: float) -> bytes | None:
    """Return the next request, encoded; None when the client sends no more.

    Raises `TimeoutError` when it does not arrive within `seconds`. Then the caller must end the call: grpcio
    cannot cancel a read, but ends one when its call ends. Raises `RequestTooLarge` beyond `SMALL` bytes.
    """
    done = SingleWaiterEvent()
    reading = asyncio.ensure_future(call.read(SMALL))
    reading.add_done_callback(partial(_wake, done))
    if not await clock.wait(done, seconds):
        raise TimeoutError
    return reading.result()


def _wake(done: SingleWaiterEvent, reading: "asyncio.Future[bytes | None]") -> None:
    """Retrieve the exception of a read whose call has ended, or asyncio would log that nobody did."""
    if not reading.cancelled():
        reading.exception()
    done.set()
