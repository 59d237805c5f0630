"""Trial *stalled-memory*: the memory that devices cost which do not read, acknowledge, or answer."""

import asyncio
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.misbehaving import Misbehaving, flood
from tests.guarantees.torture.trial import Trial
from tests.support.http2 import fleet
from tests.support.process_stats import resident
from unisono.client import Publisher

SHORT: Final = 5

#: Idle devices, and devices of each kind that misbehaves.
IDLE: Final = 1_000
FEW_IDLE: Final = 100
OF_EACH: Final = 100
FEW_OF_EACH: Final = 15

MIB: Final = 1024 * 1024

#: Bytes of memory that all else may take meanwhile.
BESIDE: Final = 64_000_000


async def cost_little(context: TrialContext) -> None:
    """In each round, send much to them, let them reconnect and catch up, and measure the server's memory."""
    whole = context.rounds > SHORT
    idle = fleet.devices(context.recorder, "idle", fleet.fitting(IDLE if whole else FEW_IDLE))
    bad = Misbehaving.of_each(context.recorder, "bad", OF_EACH if whole else FEW_OF_EACH)
    async with context.server() as server, context.backend(server.address) as publisher:
        await fleet.connect_all(idle, server.address)
        await asyncio.gather(*(device.acknowledge() for device in idle))
        await warm_up(context, server.address, publisher)
        memory = MemoryUse(context, server.process.pid, len(bad.stalled))
        await bad.connect_all(server.address)
        for _ in range(context.rounds):
            last = await flood(publisher, fleet.users(bad.all))
            await asyncio.gather(*(device.caught_up(last[device.user_id]) for device in bad.mute))
            await bad.filled()
            memory.measure("while they are sent to")
            fleet.abort_all(bad.stalled)
            await bad.stall(server.address)
            await bad.filled()
            memory.measure("while they catch up")
            context.done()
        assert all(device.live for device in idle)
        fleet.abort_all([*bad.all, *idle])


async def warm_up(context: TrialContext, address: str, publisher: Publisher) -> None:
    """Run as much traffic once, so that its memory is allocated before anything is measured."""
    (device,) = fleet.devices(context.recorder, "warm", 1, bare=True)
    await fleet.connect_all([device], address)
    await device.caught_up((await flood(publisher, [device.user_id]))[device.user_id])
    device.abort()


class MemoryUse:
    """Measures the memory of a process, and allows it 1 MiB more than at first for each stalled device."""

    def __init__(self, context: TrialContext, pid: int, stalled: int) -> None:
        self._bench = context
        self._pid = pid
        self._stalled = stalled
        self._before = resident(pid)

    def measure(self, moment: str) -> None:
        """Record the memory and what is allowed, in MiB."""
        allowed = self._before + BESIDE + MIB * self._stalled
        self._bench.measured(
            f"memory beside stalled devices {moment}, in MiB",
            resident(self._pid) / MIB,
            allowed / MIB,
            before=self._before / MIB,
            stalled=self._stalled,
        )


STALLED_MEMORY: Final = Trial(
    name="stalled-memory",
    says="devices that do not read, do not acknowledge or fall silent cost little memory",
    run=cost_little,
    full=12,
    short=SHORT,
    rounds_per_history=12,
)
