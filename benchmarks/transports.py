"""The transports that our server is measured on, side by side, and the names of workloads on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """A way to run our server: its name in results, and the settings that choose it, as an environment."""

    name: str
    settings: Mapping[str, str]

    @classmethod
    def of(cls, name: str, transport: str, event_loop: str) -> "Transport":
        """Return a transport of the server on an event loop."""
        return cls(name=name, settings={"UNISONO_TRANSPORT": transport, "UNISONO_EVENT_LOOP": event_loop})


GRPCIO: Final = Transport.of("grpcio", "grpcio", "uvloop")
HTTP: Final = Transport.of("http", "http", "uvloop")
ASYNCIO: Final = Transport.of("asyncio", "http", "asyncio")

TRANSPORTS: Final[Sequence[Transport]] = (GRPCIO, HTTP)

WITH_ASYNCIO: Final[Sequence[Transport]] = (*TRANSPORTS, ASYNCIO)
"""The transports, and http on Python's own event loop, for what nothing but our server takes part in."""

HELD: Final = HTTP.name
"""The transport that is held to the targets."""

BESIDE: Final = GRPCIO.name
"""The transport that the others are compared with."""


def on(transport: str, workloads: Mapping[str, T]) -> Mapping[str, T]:
    """Name workloads, or what was measured of them, for a transport: `send on http`."""
    return {f"{name}{_suffix(transport)}": value for name, value in workloads.items()}


def names(transports: Sequence[Transport]) -> Sequence[str]:
    """Return the names of transports, in their order."""
    return tuple(transport.name for transport in transports)


def seen_from(transport: str, named: Mapping[str, T]) -> Mapping[str, T]:
    """Return a copy in which what is named for a transport is there by its plain name, too."""
    suffix = _suffix(transport)
    plain = {name.removesuffix(suffix): value for name, value in named.items() if name.endswith(suffix)}
    return {**named, **plain}


def is_on_one(workload: str) -> bool:
    """Return whether a workload is one of our server, on any transport; others are of floors and peers."""
    return any(workload.endswith(_suffix(transport.name)) for transport in WITH_ASYNCIO)


def _suffix(transport: str) -> str:
    return f" on {transport}"
