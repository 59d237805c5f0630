"""Creates many devices spread over users, and connects and disconnects them together."""

import asyncio
import resource
import ssl
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from tests.support.http2.device import Condition, Device
from unisono.verify.recording import Recorder

T = TypeVar("T")

#: Open streams of one user, which is the server's default limit.
PER_USER: Final = 50

#: How many connect at the same time, where it is not their haste that is tried.
_CONCURRENCY: Final = 100

#: Open files of this process besides the connections of devices.
_RESERVED: Final = 200


def devices(
    recorder: Recorder,
    name: str,
    count: int,
    *,
    per_user: int = PER_USER,
    bare: bool = False,
    tls: ssl.SSLContext | None = None,
) -> list[Device]:
    """Return `count` devices, `per_user` on each of users whose ids begin with `name`."""
    return [
        Device(recorder, f"{name}-{number // per_user}", f"{name}-{number % per_user}", bare=bare, tls=tls)
        for number in range(count)
    ]


def users(fleet: Iterable[Device]) -> list[str]:
    """Return the ids of the devices' users, each once."""
    return list(dict.fromkeys(device.user_id for device in fleet))


async def connect_all(fleet: Sequence[Device], address: str, *, reads: bool = True) -> None:
    """Connect devices, some at a time, and with `reads` wait until they are live."""
    for some in groups(fleet, _CONCURRENCY):
        await asyncio.gather(*(device.connect(address, reads=reads) for device in some))
        if reads:
            await asyncio.gather(*(device.caught_up() for device in some))


async def until_all(fleet: Iterable[Device], condition: Condition) -> None:
    """Wait until each device has met the condition."""
    for device in fleet:
        await device.until(condition)


def abort_all(fleet: Iterable[Device]) -> None:
    """Close the connections of all devices with a TCP reset."""
    for device in fleet:
        device.abort()


def groups(all_: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the items in groups of `size`, in their order; the last group may be smaller."""
    for start in range(0, len(all_), size):
        yield all_[start : start + size]


def fitting(count: int) -> int:
    """Return `count`, or how many connections the process may have; raises its limit on open files first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(count, hard - _RESERVED)
