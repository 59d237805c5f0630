"""Trial *thundering-herd*: the server ends, and thousands of devices reconnect within a second."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.sends import sending
from tests.guarantees.torture.server import Server
from tests.guarantees.torture.trial import Trial
from tests.support.http2 import fleet
from tests.support.http2.device import Device
from tests.support.processes import ONE_ADDRESS
from unisono.client import Publisher
from unisono.verify.history import Stream
from unisono.verify.promises.complete_at_rest import SETTLED

SHORT: Final = 2
FEW: Final = 80
MANY: Final = 5_000

#: Within how many seconds all devices reconnect.
RECONNECT_WITHIN: Final = 1.0

#: The pause between two sends, in seconds.
PAUSE: Final = 0.02

#: Seconds allowed from a server that serves again until all are live: 5,000 need about a fourth of it on
#: two cores of their own, and a half where they share them.
SLOWEST: Final = 30.0

#: Codes after which a device reconnects (docs/devices.md): the server, or the transport, was not available.
AGAIN: Final = ("", "UNAVAILABLE", "CANCELLED")


class ImmediateReconnect:
    """Reconnects devices at once whenever their stream ends, while `there` is set: the server serves."""

    def __init__(self, server: Server, chance: Random) -> None:
        self.there = asyncio.Event()
        self.there.set()
        self._server = server
        self._chance = chance

    @asynccontextmanager
    async def bind(self, everybody: Sequence[Device]) -> AsyncIterator[None]:
        """Reconnect these devices inside the context."""
        staying = [asyncio.create_task(self._stay(device)) for device in everybody]
        try:
            yield
        finally:
            for task in staying:
                task.cancel()
            await asyncio.gather(*staying, return_exceptions=True)

    async def _stay(self, device: Device) -> None:
        while True:
            await device.until(lambda device: device.ended, timeout=None)
            await self.there.wait()
            await asyncio.sleep(self._chance.uniform(0, RECONNECT_WITHIN))
            try:
                await device.connect(self._server.address)
            except OSError:
                # The server is not there: retry.
                continue


async def come_back_together(context: TrialContext) -> None:
    """End the server in each round, and measure until all devices are live again."""
    everybody = fleet.devices(
        context.recorder, "crowd", fleet.fitting(MANY if context.rounds > SHORT else FEW)
    )
    users = fleet.users(everybody)
    async with context.server(env=ONE_ADDRESS) as server, context.backend(server.address) as publisher:
        await fleet.connect_all(everybody, server.address)
        reconnect = ImmediateReconnect(server, Random(f"{context.seed} haste"))  # noqa: S311
        chance = Random(f"{context.seed} sends")  # noqa: S311
        traffic = sending(publisher, users, chance, pause=PAUSE)
        async with reconnect.bind(everybody), traffic:
            for number in range(context.rounds):
                kind = (signal.SIGKILL, signal.SIGTERM)[number % 2]
                await end(context, server, reconnect, everybody, kind)
                await caught_up(context, publisher, everybody, users)
                context.done()
        fleet.abort_all(everybody)
        for user_id in users:
            async for _ in publisher.list(user_id, page_size=500):
                pass
    raised = [stream for device in everybody for stream in device.streams if stream.code not in AGAIN]
    context.measured(f"streams that were refused {reasons(raised)}", len(raised), 0)


async def end(
    context: TrialContext,
    server: Server,
    reconnect: ImmediateReconnect,
    everybody: Sequence[Device],
    kind: signal.Signals,
) -> None:
    """End the server, start it, and measure until all devices are live."""
    await asyncio.sleep(context.random.uniform(0, RECONNECT_WITHIN))
    await server.end(kind)
    reconnect.there.clear()
    ended = context.recorder.clock()
    await server.start()
    serving = context.recorder.clock()
    reconnect.there.set()
    await fleet.until_all(everybody, lambda device: device.live and device.streams[-1].began > ended)
    took = context.recorder.clock() - serving
    context.took(f"all are live after {kind.name}", took, SLOWEST, devices=len(everybody))


async def caught_up(
    context: TrialContext, publisher: Publisher, everybody: Sequence[Device], users: Sequence[str]
) -> None:
    """Wait until each device is complete at the last revision of its feed, and annotate that."""
    since = context.recorder.clock()
    last = {user_id: (await publisher.get_feed(user_id)).last_revision for user_id in users}
    for device in everybody:
        await device.caught_up(last[device.user_id])
    context.recorder.annotate(SETTLED, since=since)


def reasons(raised: Sequence[Stream]) -> str:
    """Return the codes and reasons of these streams, for people."""
    return ", ".join(sorted({f"{stream.code} {stream.reason}".strip() for stream in raised}))


THUNDERING_HERD: Final = Trial(
    name="thundering-herd",
    says="all devices come back within the same second, after kill -9 and SIGTERM",
    run=come_back_together,
    full=4,
    short=SHORT,
)
