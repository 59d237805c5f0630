"""Our server beside Centrifugo, which keeps nothing on the disk."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Final

from benchmarks.groups import peers
from benchmarks.groups.alternating import alternating, named
from benchmarks.groups.catching_up import MISSED
from benchmarks.groups.delivering import BURST, DEVICES
from benchmarks.groups.live import A_SECOND
from benchmarks.groups.peer_metrics import peer_metrics
from benchmarks.groups.sending import BATCH, BATCHES_IN_FLIGHT, IN_FLIGHT
from benchmarks.groups.unisono import ours
from benchmarks.load import centrifugo as load
from benchmarks.load.callers import Calls, connections
from benchmarks.load.centrifugo import Feed, GrpcDevice
from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.requests import Request
from benchmarks.load.websocket import WebSocketDevice
from benchmarks.machine import idle
from benchmarks.metrics import Group, Scale, Workloads
from benchmarks.samples import Sample, never_void
from benchmarks.servers.centrifugo import Centrifugo, centrifugo, missing
from benchmarks.servers.servers import RunningServer, folder, on_each_transport

_TITLE: Final = "Centrifugo, broker in memory, which keeps nothing"

_NOTES: Final = """\
Centrifugo is a server for messages to devices, written in Go. Its broker and the history of channels are in
memory, as they are by default: it keeps nothing on the disk, and what it acknowledged is gone when it is
killed. It knows no user's notifications, only the last messages of a channel, from which a device recovers
that comes back: nothing is read, dismissed or replaced, and nothing expires. Ours has synced what it answers
OK, and keeps it. Devices are of two kinds: on gRPC streams that only receive (`uni_grpc`), and on WebSockets,
both with tokens like ours. Backends publish by its gRPC API, without a key. The history is long enough for
what is missed, and its maker is told nothing; all else is at its default.
"""

_SENDS: Final = 6000
_BATCHES: Final = 100

#: Seconds that a backend waits after an answer before it sends more: see `peers`.
_SINGLE_PAUSE: Final = 0.008
_BURST_PAUSE: Final = 0.02

_NAMES: Final = ("single", "lone", "burst", "alone")

Device = GrpcDevice | WebSocketDevice
Kind = Callable[[Feed], Device]
Act = Callable[[Calls, Sequence[Request]], Awaitable[None]]


async def _published(
    them: Centrifugo, heard: ArrivalCounter, work: Iterable[Request], sends: int, each: int, act: Act
) -> Sample:
    """Measure calls with `sends` publications until all devices have them; each counts `each` times."""
    callers, ready = Calls(await connections(them.api.address, peers.SINGLE_CONNECTIONS)), list(work)
    sample = await peers.delivered(them.api, heard, sends, each, lambda: act(callers, ready))
    callers.close()
    load.check(ready[-1], callers.answer)
    return sample


async def _theirs(
    them: Centrifugo, server: RunningServer, kind: Kind, name: str, scale: Scale, leaving: ExitStack
) -> Workloads:
    """Return the workloads with devices of a kind, which connect to `server`, of users of that name.

    The devices are closed by `leaving`: when Centrifugo ends, it tells each, and that is an error here.
    """
    users = [f"{user}-{name}" for user in peers.LISTENED]
    heard = ArrivalCounter()
    for device in await _here(server, users, DEVICES, kind, heard):
        leaving.callback(device.close)
    sends, lone = scale.of(_SENDS, minimum=600), scale.of(peers.LONE_SENDS, minimum=300)
    batches = scale.of(_BATCHES, minimum=10)
    away = [f"{user}-{name}" for user in peers.away(scale)]
    absent = await _missed(them, server, kind, away)
    return {
        "single": lambda: _published(them, heard, load.publishes(users, sends), sends, 1, _in_flight),
        "lone": lambda: _published(them, heard, load.publishes(users, lone), lone, 1, _steadily),
        "burst": lambda: _published(
            them, heard, load.batches(users, batches, BATCH, BURST), batches * BATCH, DEVICES, _together
        ),
        "alone": lambda: _caught_up(server, absent),
    }


async def _in_flight(callers: Calls, work: Sequence[Request]) -> None:
    await callers.at_a_time(IN_FLIGHT, work, _SINGLE_PAUSE)


async def _together(callers: Calls, work: Sequence[Request]) -> None:
    await callers.at_a_time(BATCHES_IN_FLIGHT, work, _BURST_PAUSE)


async def _steadily(callers: Calls, work: Sequence[Request]) -> None:
    await callers.a_second(A_SECOND, work)


async def _here(
    server: RunningServer, users: Sequence[str], each: int, kind: Kind, arrivals: ArrivalCounter
) -> Sequence[Device]:
    """Connect `each` devices of each user for the first time, and wait until all are subscribed."""
    here = ArrivalCounter()
    devices = [kind(Feed(user, arrivals, here)) for user in users for _ in range(each)]
    for device in devices:
        await device.connect(server.address)
    await here.until(len(devices))
    return devices


async def _missed(
    them: Centrifugo, server: RunningServer, kind: Kind, users: Sequence[str]
) -> tuple[Sequence[Device], ArrivalCounter]:
    """Return one device of each user that has left and missed `MISSED` publications, and their counter."""
    arrivals = ArrivalCounter()
    devices = await _here(server, users, 1, kind, arrivals)
    for device in devices:
        device.close()
    await idle.wait_idle(server.pid)
    callers = Calls(await connections(them.api.address, 1))
    await callers.at_a_time(BATCHES_IN_FLIGHT, load.batches(users, len(users) * MISSED // BATCH, BATCH, 1))
    callers.close()
    return devices, arrivals


async def _caught_up(server: RunningServer, absent: tuple[Sequence[Device], ArrivalCounter]) -> Sample:
    """Measure how the devices come back. To read a message takes the generator as long as to send it."""
    devices, arrivals = absent
    sample = await peers.caught_up(server, arrivals, devices, _nothing)
    for device in devices:
        device.close()
    await idle.wait_idle(server.pid)
    return never_void(sample)


async def _nothing() -> None:
    """Nothing has to settle: devices of Centrifugo acknowledge nothing."""


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    peers.raise_file_limit()
    with (
        folder() as place,
        on_each_transport(place) as us,
        centrifugo(place) as them,
        ExitStack() as leaving,
    ):
        yield alternating(
            named("uni_grpc", await _theirs(them, them.uni_grpc, GrpcDevice, "grpc", scale, leaving)),
            named("websocket", await _theirs(them, them.websocket, WebSocketDevice, "web", scale, leaving)),
            *await ours(us, scale, _NAMES),
        )


CENTRIFUGO: Final = Group(
    name="centrifugo",
    title="Beside Centrifugo: broker in memory, which keeps nothing",
    floor="uni_grpc single",
    noise="cpu",
    open=_open,
    missing=missing,
    notes=_NOTES,
    metrics=(
        *peer_metrics(
            "centrifugo",
            "uni_grpc",
            f"{_TITLE}; gRPC streams",
            {"single": 2.2, "lone": 2.8, "burst": 4, "alone": 3.8},
        ),
        *peer_metrics(
            "centrifugo_websocket",
            "websocket",
            f"{_TITLE}; WebSockets",
            {"single": None, "lone": None, "burst": None, "alone": None},
        ),
    ),
)
