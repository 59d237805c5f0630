"""Our server beside a peer: the order in which they are measured, and the figures. Knows no peer."""

from collections.abc import Sequence

from benchmarks.figures import Figure, Workloads


def in_turn(**sides: Workloads) -> Workloads:
    """The workloads of all sides, side by side: `mosquitto_single`, `ours_single`, and so on."""
    one = next(iter(sides.values()))
    return {f"{side}_{name}": workloads[name] for name in one for side, workloads in sides.items()}


def figures(
    peer: str, side: str, title: str, *, single: float | None, burst: float | None, row: float | None
) -> Sequence[Figure]:
    """Ours against a side of a peer, with these targets."""
    return (
        _figure(peer, side, "single", f"send to three open devices, 64 in flight / {title}", single),
        _figure(
            peer, side, "burst", f"bursts of 20 per user to three devices, per delivery / {title}", burst
        ),
        _figure(peer, side, "row", f"devices that come back to 500 missed, per message / {title}", row),
    )


def _figure(peer: str, side: str, workload: str, title: str, target: float | None) -> Figure:
    ours, theirs = f"ours_{workload}", f"{side}_{workload}"
    return Figure(
        name=f"{peer}_{workload}",
        title=title,
        ratio=lambda of: of[ours]["cpu"] / of[theirs]["cpu"],
        target=target,
        shown=((ours, "rate"), (theirs, "rate")),
    )
