"""Reads one stream from its opening to its end, and notices when nothing comes any more."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from unisono.client._device.timing import Timing
from unisono.client._errors import Unavailable
from unisono.client._wire.methods import SUBSCRIBE
from unisono.client._wire.transport import Transport
from unisono.v1 import feed_service_pb2 as pb


async def messages(
    transport: Transport, request: pb.SubscribeRequest, token: str, timing: Timing
) -> AsyncGenerator[pb.SubscribeResponse, None]:
    """The messages of one stream. Raises the `UnisonoError` that ended it; `Unavailable` after silence."""
    patience = timing.welcome
    async with aclosing(transport.stream(SUBSCRIBE, request, token=token)) as stream:
        while True:
            try:
                # Giving up a read cancels the whole call, which is what is wanted.
                async with asyncio.timeout(patience):
                    message = await anext(stream, None)
            except TimeoutError:
                raise Unavailable(f"the server has been silent for {patience:g} s") from None
            if message is None:
                return
            if message.HasField("welcome"):
                patience = timing.silence * message.welcome.heartbeat_interval.ToNanoseconds() / 1e9
            yield message
