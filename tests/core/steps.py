"""What happens between the steps of a call about many notifications."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from tests.support.builders import a_payload
from tests.support.core_harness import PUBLISHER, CoreHarness
from unisono.server.bus.base import Hint
from unisono.server.core.decide.commands import EncodedContent, Ref, Update
from unisono.server.model import Notification
from unisono.server.store.commit import Scan

#: The most rows of a step.
STEP: Final = Scan(until=0).limit

T = TypeVar("T")


async def sent(harness: CoreHarness, count: int, **content: Any) -> list[Notification]:
    """Send so many notifications, in order."""
    return list(await asyncio.gather(*(harness.send(**content) for _ in range(count))))


def steps(harness: CoreHarness) -> list[int]:
    """Return a list of how many changes each commit from now on makes."""
    found: list[int] = []
    harness.bus.listen(lambda hint: found.append(len(hint.changes)))
    return found


def after_first_commit(
    harness: CoreHarness, work: Callable[[], Coroutine[Any, Any, T]]
) -> list["asyncio.Task[T]"]:
    """Start work right after the next commit, before its caller goes on; the list has its task then."""
    started: list[asyncio.Task[T]] = []

    def start_once(hint: Hint) -> None:
        if not started:
            started.append(asyncio.create_task(work()))

    harness.bus.listen(start_once)
    return started


async def rewritten(harness: CoreHarness, row: Notification, *, silent: bool = False) -> Notification:
    """Give a notification new content, as its publisher."""
    return await harness.notifications.update(
        Update(
            actor=PUBLISHER,
            ref=Ref(id=row.id),
            content=EncodedContent(payload=a_payload("Newer")),
            mask=frozenset({"payload"}),
            silent=silent,
        )
    )
