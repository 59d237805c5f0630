"""The floor of deliveries: bare writes of the empty server to open streams."""

from typing import Final

from benchmarks.load import listeners, requests
from benchmarks.load.callers import Calls, connections
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.requests import Request
from benchmarks.load.sizes import StreamSizes
from benchmarks.metrics import Workload
from benchmarks.samples import Sample, measure
from benchmarks.servers.servers import RunningServer

WRITE: Final = "grpcio's write"
"""The name of the floor."""

#: The user whose token is used: it has about the usual length.
_USER: Final = "listened-0"


async def broadcasts(floor: RunningServer, streams: int, size: StreamSizes, times: int) -> Workload:
    """Open streams at the empty server, and return the workload that writes a message to each, `times` times.

    One write to one stream is an operation.
    """
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
