"""Things to commit, and a disk that commits them when it is let."""

import asyncio
from collections.abc import Sequence
from typing import Self

from unisono.server.core.committer import Committed, Committer
from unisono.server.errors import NotFound, Reason, UnisonoError
from unisono.server.model import FeedKey

ADA = FeedKey("mail.test", "ada")
BOB = FeedKey("mail.test", "bob")
OTHER_APP = FeedKey("chat.test", "ada")
REFUSED = NotFound(Reason.NOTIFICATION_NOT_FOUND, "refused")


class Job(int):
    """A number, for a user. It is about `rows`, and can be done in steps of `step` at least, if of any."""

    feed: FeedKey
    rows: int
    step: int

    def __new__(cls, number: int, feed: FeedKey = ADA, rows: int = 1, step: int = 0) -> Self:
        job = super().__new__(cls, number)
        job.feed, job.rows, job.step = feed, rows, step
        return job

    def within(self, rows: int) -> Self:
        if not self.step or rows >= self.rows:
            return self
        return type(self)(self, self.feed, max(rows, self.step), self.step)


class Disk:
    """Commits batches when it is let; remembers them, and fails as it is told. Negative ones are refused."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        #: What the items of each batch were about.
        self.rows: list[list[int]] = []
        self.begun = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()
        self.down: UnisonoError | None = None
        self.poison: set[int] = set()
        #: Seconds of work that a row takes; 0: it does not say.
        self.row = 0.0

    async def run(self, items: Sequence[Job]) -> Committed[str]:
        self.batches.append([int(item) for item in items])
        self.rows.append([item.rows for item in items])
        self.begun.set()
        await self.free.wait()
        if self.down is not None:
            raise self.down
        if self.poison.intersection(items):
            raise ValueError("the database refuses the data")
        outcomes = [REFUSED if item < 0 else f"committed {item}" for item in items]
        return Committed(outcomes=outcomes, work=self.row * sum(item.rows for item in items))

    async def hold(self, committer: Committer[Job, str]) -> asyncio.Task[str]:
        """Begin a commit that lasts until the disk is let go on."""
        self.free.clear()
        self.begun.clear()
        first = asyncio.create_task(committer.submit(Job(0)))
        await self.begun.wait()
        return first
