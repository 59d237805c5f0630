"""Many devices at once: on how many users they are spread, and how they come and go together."""

import asyncio
import resource
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from tests.support.http2.device import Condition, Device
from unisono.verify.recording import Recorder

T = TypeVar("T")

#: Open streams of one user, as the contract limits them.
PER_USER: Final = 50

#: How many connect at the same time, where it is not their haste that is tried.
_CONCURRENCY: Final = 100

#: Open files of this process besides the connections of devices.
_RESERVED: Final = 200


def devices(
    recorder: Recorder, name: str, count: int, *, per_user: int = PER_USER, bare: bool = False
) -> list[Device]:
    """So many, on users whose ids begin with a name."""
    return [
        Device(recorder, f"{name}-{number // per_user}", f"{name}-{number % per_user}", bare=bare)
        for number in range(count)
    ]


def users(fleet: Iterable[Device]) -> list[str]:
    """Whose they are, each once."""
    return list(dict.fromkeys(device.user_id for device in fleet))


async def connect_all(fleet: Sequence[Device], address: str, *, reads: bool = True) -> None:
    """Let them connect, some at a time. Those that read are live when this returns."""
    for some in groups(fleet, _CONCURRENCY):
        await asyncio.gather(*(device.connect(address, reads=reads) for device in some))
        if reads:
            await asyncio.gather(*(device.caught_up() for device in some))


async def until_all(fleet: Iterable[Device], condition: Condition) -> None:
    """Wait until something is so for each."""
    for device in fleet:
        await device.until(condition)


def abort_all(fleet: Iterable[Device]) -> None:
    """All at once."""
    for device in fleet:
        device.abort()


def groups(all_: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """In their order, so many in each."""
    for start in range(0, len(all_), size):
        yield all_[start : start + size]


def fitting(count: int) -> int:
    """So many, or as many as may have a connection: raises the limit on open files as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return min(count, hard - _RESERVED)
