"""Reads one stream from its opening to its end, and notices when nothing comes any more."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import Final

from unisono.client._device.timing import Timing
from unisono.client._device.watchdog import LAST_WORDS
from unisono.client._errors import Unavailable, UnisonoError
from unisono.client._wire.methods import SUBSCRIBE
from unisono.client._wire.transport import Transport, name_of
from unisono.v1 import feed_service_pb2 as pb

#: The longest interval between heartbeats that the service agrees to, in seconds.
_LONGEST_HEARTBEAT: Final = 300.0

#: From a Goodbye to the end of the stream, which is all that may come after it, in seconds.
LEAVING: Final = 5.0

_log = logging.getLogger("unisono.client")


async def messages(
    transport: Transport, request: pb.SubscribeRequest, token: str, timing: Timing
) -> AsyncGenerator[pb.SubscribeResponse, None]:
    """Iterate over the messages of one stream, until the server ends it. Closing the generator cancels it.

    Raises the `UnisonoError` that ended the stream; `Unavailable` when nothing came for
    `timing.open_timeout`, or, after Welcome, for `timing.missed_heartbeats` intervals, or for 5 s after a
    Goodbye.
    """
    timeout = timing.open_timeout
    async with aclosing(transport.stream(SUBSCRIBE, request, token=token)) as stream:
        with _warning_after(name_of(transport), timing.first_message_timeout):
            message = await _next(stream, timeout)
        while message is not None:
            if message.HasField("welcome"):
                interval = message.welcome.heartbeat_interval.ToNanoseconds() / 1e9
                timeout = timing.missed_heartbeats * min(interval, _LONGEST_HEARTBEAT)
            if message.HasField("goodbye"):
                timeout = min(timeout, LEAVING)
            yield message
            message = await _next(stream, timeout)


async def goodbye_in(stream: AsyncGenerator[pb.SubscribeResponse, None]) -> pb.Goodbye | None:
    """Return the Goodbye that waits in the buffers of a stream which nobody read for long, if there is one.

    All other messages are dropped.
    """
    with suppress(TimeoutError, UnisonoError):
        async with asyncio.timeout(LAST_WORDS):
            async for message in stream:
                if message.HasField("goodbye"):
                    return message.goodbye
    return None


async def _next(
    stream: AsyncGenerator[pb.SubscribeResponse, None], timeout: float
) -> pb.SubscribeResponse | None:
    """Return the next message; None after the last one."""
    try:
        # Giving up a read cancels the whole call, which is what is wanted.
        async with asyncio.timeout(timeout):
            return await anext(stream, None)
    except TimeoutError:
        raise Unavailable(f"the server has been silent for {timeout:g} s") from None


@contextmanager
def _warning_after(server: str, after: float) -> Iterator[None]:
    """Log once that nothing has come, if the context takes longer than `after` seconds."""
    remark = asyncio.get_running_loop().call_later(after, _warn, server, after)
    try:
        yield
    finally:
        remark.cancel()


def _warn(server: str, after: float) -> None:
    _log.warning(
        "nothing has come from %s for %g s, and the device goes on waiting: is the server well, and does "
        "every proxy on the way pass streams on? may a connection carry so many streams? "
        "create_transport(..., streams_per_connection=...) puts fewer on each",
        server,
        after,
    )
