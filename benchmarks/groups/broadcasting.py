"""Bare writes to open streams: what a delivery could not cost less than. Knows the empty server alone."""

from typing import Final

from benchmarks.load import listeners, requests
from benchmarks.load.callers import Calls, connections
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.requests import Request
from benchmarks.load.sizes import StreamSizes
from benchmarks.metrics import Workload
from benchmarks.samples import Sample, measure
from benchmarks.servers.servers import RunningServer

#: Whose token asks: it is about as long as those of ours.
_USER: Final = "listened-0"


async def broadcasts(floor: RunningServer, streams: int, size: StreamSizes, times: int) -> Workload:
    """Open so many streams; the workload writes an event to all, so many times. One write is an operation."""
    arrivals = ArrivalCounter()
    bare = listeners.listening(streams, requests.device(_USER), size.request, size.greeting, arrivals)
    await listeners.connect(bare, floor.address)
    await arrivals.until(2 * streams)

    async def workload() -> Sample:
        callers = Calls(await connections(floor.address, 1))
        tell = Request(requests.TELL, requests.publisher(), requests.padded(size.event, 4))
        with measure(floor.pid) as run:
            for _ in range(times):
                before = arrivals.count
                await callers.at_a_time(1, [tell])
                await arrivals.until(before + streams)
            run.operations = times * streams
        callers.close()
        return run.sample

    return workload
