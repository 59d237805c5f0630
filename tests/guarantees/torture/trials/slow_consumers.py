"""Trial *slow-consumers*: devices that stall delay no others, neither of their user nor of another."""

from statistics import median
from typing import Final

from tests.guarantees.torture.context import TrialContext
from tests.guarantees.torture.misbehaving import Misbehaving, flood
from tests.guarantees.torture.probe import Probe
from tests.guarantees.torture.trial import Trial
from tests.support.http2 import connected, fleet
from tests.support.http2.device import Device

SHORT: Final = 2

#: Devices of each kind that misbehaves, and sends that are measured at a time.
OF_EACH: Final = 100
FEW_OF_EACH: Final = 15
SENDS: Final = 100
FEW_SENDS: Final = 40

#: Devices that read, of a user of whom others stall and of a user of whom none does.
READERS: Final = 5

#: The factor by which the median may grow beside them, apart from the spread of the quiet medians. A short
#: run, which shares its cores with other work, is allowed a multiple.
GROWTH: Final = 1.25
NOISE: Final = 3


async def are_unmoved(context: TrialContext) -> None:
    """In each round, measure latency without the devices that stall, and beside them."""
    whole = context.rounds > SHORT
    bad = Misbehaving.of_each(context.recorder, "bad", OF_EACH if whole else FEW_OF_EACH)
    names = (bad.all[0].user_id, "other")
    readers = [Device(context.recorder, name, f"reader-{n}") for name in names for n in range(READERS)]
    async with context.server() as server, context.backend(server.address) as publisher:
        await fleet.connect_all([*readers, *bad.mute], server.address)
        await flood(publisher, fleet.users(bad.all))
        probe = await Probe.to(context, server.address, readers)
        timings = Timings(SENDS if whole else FEW_SENDS)
        with context.apart(server.process.pid):
            for _ in range(context.rounds):
                assert not await connected.wait_disconnected(server.address, bad.stalled, context.timeout)
                timings.quiet.append(median(await probe.latencies(timings.sends)))
                await bad.stall(server.address)
                await bad.filled()
                timings.loaded.append(median(await probe.latencies(timings.sends)))
                fleet.abort_all(bad.stalled)
                context.done()
        fleet.abort_all([*bad.mute, *readers])
    timings.write(context, 1 if whole else NOISE)


class Timings:
    """The median latencies of each round, in milliseconds."""

    def __init__(self, sends: int) -> None:
        self.sends = sends
        self.quiet: list[float] = []
        self.loaded: list[float] = []

    def write(self, context: TrialContext, times: float) -> None:
        """Record the median of all rounds, and the spread of the quiet medians."""
        quiet, spread = median(self.quiet), max(self.quiet) - min(self.quiet)
        context.took(
            "latency beside stalled devices in ms",
            median(self.loaded),
            times * (quiet * GROWTH + spread),
            quiet=quiet,
            spread=spread,
            most=max(self.loaded),
        )


SLOW_CONSUMERS: Final = Trial(
    name="slow-consumers",
    says="devices that stall delay nobody: quiet and loaded in turn",
    run=are_unmoved,
    full=11,
    short=SHORT,
    rounds_per_history=11,
)
