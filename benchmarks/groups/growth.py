"""Operations on a store of ten million notifications, against the same on one of ten thousand."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.groups.large_store import fill, workloads
from benchmarks.groups.peer_metrics import in_turn
from benchmarks.metrics import Group, Metric, Scale, Workloads
from benchmarks.samples import Sample
from benchmarks.servers.servers import folder, unisono

_SMALL: Final = 10_000
_LARGE: Final = 10_000_000
_STARTED: Final = 1_000_000

#: Seconds by which a start with a million notifications may take longer.
_LONGER: Final = 1.0


async def _started(store: Path) -> Sample:
    """Measure from the start of the process until it serves."""
    began = time.perf_counter()
    with unisono(store):
        return {"wall": time.perf_counter() - began}


@asynccontextmanager
async def _open(scale: Scale) -> AsyncIterator[Workloads]:
    large, stored = scale.of(_LARGE, minimum=10 * _SMALL), scale.of(_STARTED, minimum=10 * _SMALL)
    with folder() as place:
        small_store, large_store = place / "small.db", place / "large.db"
        none, many = place / "none.db", place / "many.db"
        await fill(small_store, _SMALL)
        await fill(large_store, large)
        await fill(many, stored)
        await _started(none)
        with unisono(small_store) as small, unisono(large_store) as grown:
            yield {
                **in_turn(
                    small=await workloads(small, small_store, _SMALL, scale),
                    large=await workloads(grown, large_store, large, scale),
                ),
                "start_empty": lambda: _started(none),
                "start_million": lambda: _started(many),
            }


def _metric(name: str, title: str, target: float) -> Metric:
    small, large = f"small_{name}", f"large_{name}"
    return Metric(
        name=f"grown_{name}",
        title=f"{title}: ten million stored / ten thousand stored",
        ratio=lambda of: of[large]["cpu"] / of[small]["cpu"],
        target=target,
        shown=((large, "cpu"), (small, "cpu")),
    )


GROWTH: Final = Group(
    name="growth",
    title="Growth: ten million notifications stored, against ten thousand",
    floor="small_mark",
    noise="cpu",
    open=_open,
    lasting=True,
    metrics=(
        _metric("send", "send to random users, 64 in flight", 1.3),
        _metric("mark", "mark one notification of a random user by its id", 1.2),
        _metric("list", "first page of 50 of a random user", 1.2),
        _metric("resume", "a device of a random user comes back 20 notifications behind", 1.2),
        Metric(
            name="start",
            title="seconds from the start of the process until it serves, with a million stored"
            " / (the same on an empty store + one second)",
            ratio=lambda of: of["start_million"]["wall"] / (of["start_empty"]["wall"] + _LONGER),
            target=1.0,
            shown=(("start_million", "wall"), ("start_empty", "wall")),
        ),
    ),
)
