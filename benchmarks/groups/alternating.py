"""The order of the workloads of several servers: each workload on all of them, then the next."""

from collections.abc import Mapping
from itertools import chain

from benchmarks.metrics import Workloads
from benchmarks.transports import on


def alternating(*servers: Workloads) -> Workloads:
    """Return the workloads of all servers, of which each has as many, in the same order."""
    return dict(chain.from_iterable(zip(*(workloads.items() for workloads in servers), strict=True)))


def named(server: str, workloads: Workloads) -> Workloads:
    """Name workloads for a server: `mosquitto single`."""
    return {f"{server} {name}": workload for name, workload in workloads.items()}


def side_by_side(transports: Mapping[str, Workloads]) -> Workloads:
    """Return the workloads of our server on several transports, by name: `send on grpcio`, and so on."""
    return alternating(*(on(name, workloads) for name, workloads in transports.items()))
