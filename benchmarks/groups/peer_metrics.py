"""The metrics of groups that measure our server beside a peer."""

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.metrics import Metric

#: What is done by each workload of peers.
_TITLES: Final[Mapping[str, str]] = {
    "single": "send to three open devices, 64 in flight",
    "lone": "300 sends a second to three open devices",
    "burst": "bursts of 20 per user to three devices, per delivery",
    "row": "devices that come back to 500 missed, per message",
    "alone": "one device of each user that comes back to 500 missed, per message",
}


def peer_metrics(peer: str, server: str, title: str, targets: Mapping[str, float | None]) -> Sequence[Metric]:
    """Return metrics of our server against a peer, with their targets by workload; None: without one.

    `peer` begins the names of metrics, `server` those of the peer's workloads.
    """
    return [_metric(peer, server, name, title, target) for name, target in targets.items()]


def _metric(peer: str, server: str, workload: str, title: str, target: float | None) -> Metric:
    theirs = f"{server} {workload}"
    return Metric(
        name=f"{peer}_{workload}",
        title=f"{_TITLES[workload]} / {title}",
        ratio=lambda of: of[workload]["cpu"] / of[theirs]["cpu"],
        target=target,
        shown=((workload, "rate"), (theirs, "rate")),
    )
