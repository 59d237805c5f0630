"""What operations take longer on a store of ten million notifications than on one of ten thousand."""

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.groups.alternating import alternating, named, side_by_side
from benchmarks.groups.large_store import fill, workloads
from benchmarks.groups.sending import ECHO, IN_FLIGHT, calls
from benchmarks.load import requests, sizes
from benchmarks.metrics import Group, Metric, Scale, Workload, Workloads
from benchmarks.samples import Sample
from benchmarks.servers.servers import RunningServer, empty, folder, unisono
from benchmarks.transports import TRANSPORTS, Transport

_SMALL: Final = 10_000
_LARGE: Final = 10_000_000
_STARTED: Final = 1_000_000

_ECHOES: Final = 12_000

#: Seconds by which a start with a million notifications may take longer.
_LONGER: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stores:
    """A folder of stores: `small.db`, `large.db` with so many notifications, `many.db`, and `none.db`."""

    place: Path
    large: int

    @classmethod
    async def filled(cls, place: Path, scale: Scale) -> "_Stores":
        large, stored = scale.of(_LARGE, minimum=10 * _SMALL), scale.of(_STARTED, minimum=10 * _SMALL)
        for name, notifications in (("small", _SMALL), ("large", large), ("many", stored)):
            await fill(place / f"{name}.db", notifications)
        await _started(place / "none.db", TRANSPORTS[0])
        return cls(place=place, large=large)

    def copy(self, name: str, transport: Transport) -> Path:
        """Copy a store for a server of its own: filling one takes minutes."""
        return shutil.copyfile(self.place / f"{name}.db", self.place / f"{name}-{transport.name}.db")


async def _started(store: Path, transport: Transport) -> Sample:
    """Measure from the start of the process until it serves."""
    began = time.perf_counter()
    with unisono(store, transport):
        return {"wall": time.perf_counter() - began}


async def _workloads(stores: _Stores, transport: Transport, scale: Scale, servers: ExitStack) -> Workloads:
    async def of_store(name: str, notifications: int) -> Workloads:
        store = stores.copy(name, transport)
        server = servers.enter_context(unisono(store, transport))
        return named(name, await workloads(server, store, notifications, scale))

    return {
        **alternating(await of_store("small", _SMALL), await of_store("large", stores.large)),
        "start empty": partial(_started, stores.place / "none.db", transport),
        "start million": partial(_started, stores.place / "many.db", transport),
    }


async def _echoed(server: RunningServer, floor: RunningServer, scale: Scale) -> Workload:
    (sample,) = requests.sends(["measured-0"], 1)
    answer, amount = await sizes.of_answer(server.address, sample), scale.of(_ECHOES, minimum=1000)
    return lambda: calls(floor, IN_FLIGHT, requests.echoes(sample, answer, amount))


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    with folder() as place, empty() as floor, ExitStack() as servers:
        stores = await _Stores.filled(place, scale)
        with unisono(place / "measured.db") as server:
            echo = await _echoed(server, floor, scale)
        on_each = {one.name: await _workloads(stores, one, scale, servers) for one in TRANSPORTS}
        yield {ECHO: echo, **side_by_side(on_each)}


def _metric(name: str, title: str, target: float) -> Metric:
    small, large = f"small {name}", f"large {name}"
    return Metric(
        name=f"grown_{name}",
        title=f"{title}: (grpcio's echo + what it takes more with ten million stored than with ten thousand)"
        " / grpcio's echo",
        ratio=lambda of: (of[ECHO]["cpu"] + of[large]["cpu"] - of[small]["cpu"]) / of[ECHO]["cpu"],
        target=target,
        shown=((large, "cpu"), (small, "cpu"), (ECHO, "cpu")),
    )


GROWTH: Final = Group(
    name="growth",
    title="Growth: ten million notifications stored, against ten thousand",
    floor=ECHO,
    noise="cpu",
    open=_open,
    lasting=True,
    metrics=(
        _metric("send", "send to random users, 64 in flight", 1.45),
        _metric("mark", "mark one notification of a random user by its id", 1.3),
        _metric("list", "first page of 50 of a random user", 1.7),
        _metric("resume", "a device of a random user comes back 20 notifications behind", 2.1),
        Metric(
            name="start",
            title="seconds from the start of the process until it serves, with a million stored"
            " / (the same on an empty store + one second)",
            ratio=lambda of: of["start million"]["wall"] / (of["start empty"]["wall"] + _LONGER),
            target=1.0,
            shown=(("start million", "wall"), ("start empty", "wall")),
        ),
    ),
)
