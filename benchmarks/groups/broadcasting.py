"""Bare writes to open streams: what a delivery could not cost less than. Knows the empty server alone."""

from typing import Final

from benchmarks.figures import Workload
from benchmarks.load import listeners, requests
from benchmarks.load.callers import Calls, connections
from benchmarks.load.listeners import Arrivals
from benchmarks.load.requests import Request
from benchmarks.load.sizes import StreamSizes
from benchmarks.samples import Sample, taken
from benchmarks.sides.servers import Side

#: Whose token asks: it is about as long as those of ours.
_USER: Final = "listened-0"


async def broadcasts(floor: Side, streams: int, size: StreamSizes, times: int) -> Workload:
    """Open so many streams; the workload writes an event to all, so many times. One write is an operation."""
    told = Arrivals()
    bare = listeners.listening(streams, requests.device(_USER), size.request, size.greeting, told)
    await listeners.connect(bare, floor.address)
    await told.until(2 * streams)

    async def workload() -> Sample:
        callers = Calls(await connections(floor.address, 1))
        tell = Request(requests.TELL, requests.publisher(), requests.padded(size.event, 4))
        with taken(floor.pid) as run:
            for _ in range(times):
                before = told.count
                await callers.at_a_time(1, [tell])
                await told.until(before + streams)
            run.operations = times * streams
        callers.close()
        return run.sample

    return workload
