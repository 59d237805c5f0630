"""The metrics of groups that measure our server beside a peer."""

from collections.abc import Sequence

from benchmarks.metrics import Metric


def peer_metrics(
    peer: str, server: str, title: str, *, single: float | None, burst: float | None, row: float | None
) -> Sequence[Metric]:
    """Return the metrics `single`, `burst` and `row` of our server against a peer, with these targets.

    `peer` begins the names of metrics, `server` those of the peer's workloads; a target of None: without one.
    """
    return (
        _metric(peer, server, "single", f"send to three open devices, 64 in flight / {title}", single),
        _metric(
            peer, server, "burst", f"bursts of 20 per user to three devices, per delivery / {title}", burst
        ),
        _metric(peer, server, "row", f"devices that come back to 500 missed, per message / {title}", row),
    )


def _metric(peer: str, server: str, workload: str, title: str, target: float | None) -> Metric:
    theirs = f"{server} {workload}"
    return Metric(
        name=f"{peer}_{workload}",
        title=title,
        ratio=lambda of: of[workload]["cpu"] / of[theirs]["cpu"],
        target=target,
        shown=((workload, "rate"), (theirs, "rate")),
    )
