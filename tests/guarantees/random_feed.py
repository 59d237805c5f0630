"""A feed that changes at random, by commands that the service's own code decides."""

from collections.abc import Sequence
from random import Random

from tests.support.builders import an_endpoint, put_endpoints
from tests.support.clocks import START
from tests.support.encoding import encode
from tests.support.memory_store import MemoryStore
from tests.support.random_commands import RandomCommands
from unisono.server.clock import Ids, RandomIds
from unisono.server.core.decide.batch import decide
from unisono.server.core.decide.commands import Actor, Command, Mark, ProcessDue, Ref, Send, StatePatch
from unisono.server.model import (
    Feed,
    FeedKey,
    Limits,
    Notification,
    ReadState,
    SenderRole,
    UserActionState,
)
from unisono.server.store.base import Encode
from unisono.server.store.reads import PurgeBounds

FEED = FeedKey("mail.test", "ada")


class RandomFeed:
    """A feed in a store in memory, with its own time `now` (milliseconds since 1970)."""

    def __init__(self, random: Random, encode: Encode = encode, ids: Ids | None = None) -> None:
        self.random = random
        self.store = MemoryStore(ids=ids or RandomIds(), encode=encode)
        self.now = START
        self._commands = RandomCommands(random, FEED)

    async def begin(self, happenings: int) -> "RandomFeed":
        # An endpoint keeps the feed in the store when nothing else is left in it.
        await put_endpoints(self.store, an_endpoint("laptop", feed=FEED))
        while not self.rows():
            await self.step()
        for _ in range(happenings):
            await self.step()
        return self

    async def erase(self) -> None:
        """Delete the user, who begins another life with something in it."""
        await self.store.detach_feed(FEED, None)
        await self.begin(1)

    async def step(self) -> None:
        """Commit a few commands, let time pass, or purge old tombstones."""
        kind = self.random.random()
        if kind < 0.1:
            await self._process_due()
        elif kind < 0.14:
            await self._purge()
        else:
            rows, count = self.rows(), self.random.choice((1, 1, 2, 3))
            await self._commit(*(self._commands.one(rows, self.now) for _ in range(count)))

    async def send(self) -> None:
        """Commit a send."""
        rows, drawn = self.rows(), None
        while not isinstance(drawn, Send):
            drawn = self._commands.one(rows, self.now)
        await self._commit(drawn)

    async def mark(self, id_: str, read: int, action: int) -> None:
        """Commit a mark of a device; 0 leaves a part as it is."""
        patch = StatePatch(
            read_state=ReadState(read) if read else None,
            user_action_state=UserActionState(action) if action else None,
        )
        actor = Actor(feed=FEED, role=SenderRole.USER, endpoint_id="laptop")
        await self._commit(Mark(actor=actor, patch=patch, refs=(Ref(id=id_),)))

    def rows(self) -> Sequence[Notification]:
        return self.store.rows(FEED)

    async def feed(self) -> Feed:
        feed = await self.store.feed(FEED)
        assert feed is not None
        return feed

    async def _process_due(self) -> None:
        self.now += self.random.choice((500, 2_500, 40_000))
        due = await self.store.due(self.now, 100)
        await self._commit(*(ProcessDue(feed=item.feed, id=item.id) for item in due))

    async def _purge(self) -> None:
        await self.store.purge(
            PurgeBounds(
                tombstones_before=self.now - self.random.choice((0, 5_000, 100_000)),
                tombstones_per_feed=self.random.choice((0, 2, 1000)),
                endpoints_before=0,
                deletions_before=0,
                limit=self.random.choice((1, 3, 1000)),
            )
        )

    async def _commit(self, *commands: Command) -> None:
        await self.store.commit(
            commands, lambda items, view: decide(items, view, now=self.now, limits=Limits())
        )
