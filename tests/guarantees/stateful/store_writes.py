"""Rules of a store without faults: commits, activity of endpoints, time, and purges."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from tests.contract.backends import StoreBackend
from tests.guarantees.stateful.async_machine import AsyncStateMachine
from tests.guarantees.stateful.random_endpoints import RandomEndpoints
from tests.guarantees.stateful.store_and_model import StoreAndModel
from tests.support.clocks import START
from tests.support.random_commands import RandomCommands
from unisono.server.core.decide.commands import Command, Mark, ProcessDue, Send
from unisono.server.model import FeedKey
from unisono.server.store.commit import Scan
from unisono.server.store.reads import EndpointActivity, PurgeBounds

#: A user of two apps, and another user.
FEEDS = (FeedKey("mail.test", "ada"), FeedKey("chat.test", "ada"), FeedKey("mail.test", "bob"))

seeds = st.integers(0, 2**16)
feeds = st.sampled_from(FEEDS)
few = st.integers(1, 8)
ages = st.sampled_from((0, 1_000, 40_000))


class StoreWrites(AsyncStateMachine):
    """A machine that makes the same calls to a store and its model. Random values come from seeds."""

    def __init__(self, backend: StoreBackend) -> None:
        self.backend = backend
        self.now = START
        self.random = Random(0)  # noqa: S311
        self.stores = StoreAndModel(backend.store(), FEEDS)
        self._commands = {key: RandomCommands(self.random, key) for key in FEEDS}
        self._endpoints = RandomEndpoints(self.random)
        super().__init__()

    async def begin(self) -> None:
        await self.stores.store.open()

    async def release(self) -> None:
        await self.stores.store.close()

    @invariant()
    def the_store_is_as_its_model(self) -> None:
        self.run(self.stores.compare())

    @initialize(seed=seeds, of=st.lists(feeds, min_size=5, max_size=20))
    def fill(self, seed: int, of: list[FeedKey]) -> None:
        self.run(self.stores.commit(self.commands(seed, of), self.now))

    @rule(seed=seeds, count=few, feed=feeds)
    def commit(self, seed: int, count: int, feed: FeedKey) -> None:
        self.run(self.stores.commit(self.commands(seed, [feed] * count), self.now))

    @rule(seed=seeds, of=st.lists(feeds, min_size=2, max_size=6))
    def commit_to_several_feeds(self, seed: int, of: list[FeedKey]) -> None:
        self.run(self.stores.commit(self.commands(seed, of), self.now))

    @rule(seed=seeds, count=few)
    def commit_at_once(self, seed: int, count: int) -> None:
        """Commit to each feed at once: the order must make no difference."""
        batches = [self.commands(seed + n, [feed] * count) for n, feed in enumerate(FEEDS)]
        self.run(self._gather(batches))

    @rule(seed=seeds, of=st.lists(feeds, min_size=1, max_size=6))
    def let_devices_come_and_go(self, seed: int, of: list[FeedKey]) -> None:
        """Commit commands about endpoints, and record activities of those that exist then."""
        self.random.seed(seed)
        commands = [self._endpoints.command(feed) for feed in of]
        self.run(self.stores.commit_endpoints(commands, self.now))
        self.run(self.stores.record_activity(self.run(self._signs(of))))

    @rule(seconds=st.sampled_from((0.5, 3, 40, 90)))
    def let_time_pass(self, seconds: float) -> None:
        self.now += int(seconds * 1000)

    @rule(limit=st.sampled_from((1, 3, 100)))
    def let_time_act(self, limit: int) -> None:
        due = self.run(self.stores.due(self.now, limit))
        self.run(self.stores.commit([ProcessDue(feed=one.feed, id=one.id) for one in due], self.now))

    @rule(
        tombstones=ages,
        per_feed=st.sampled_from((0, 2, 1000)),
        endpoints=ages,
        ephemeral=ages,
        limit=st.integers(1, 9),
    )
    def forget(self, tombstones: int, per_feed: int, endpoints: int, ephemeral: int, limit: int) -> None:
        what = PurgeBounds(
            tombstones_before=self.now - tombstones,
            tombstones_per_feed=per_feed,
            endpoints_before=self.now - endpoints,
            ephemeral_before=self.now - ephemeral,
            deletions_before=self.now - endpoints,
            limit=limit,
        )
        self.run(self.stores.purge(what))

    def commands(self, seed: int, of: Sequence[FeedKey]) -> list[Command]:
        """Return random commands to these feeds, about what is in them now."""
        self.random.seed(seed)
        return [self._command(feed) for feed in of]

    async def _signs(self, of: Sequence[FeedKey]) -> list[EndpointActivity]:
        """Return random activities of these feeds' endpoints."""
        model = self.stores.model
        return [self._endpoints.sign(feed, await model.endpoints(feed), self.now) for feed in of]

    def _command(self, feed: FeedKey) -> Command:
        command = self._commands[feed].one(self.stores.model.rows(feed), self.now)
        match command:
            case Send():
                # Ids are made of the user's name, and a user of two apps has two feeds.
                return replace(command, new_id=f"{feed.app_id}-{command.new_id}")
            case Mark(scan=Scan() as scan):
                # Small steps, so that they end everywhere.
                limit, looks = self.random.choice(((500, 1000), (3, 3), (2, 3), (1, 4)))
                return replace(command, scan=replace(scan, limit=limit, max_examined=looks))
        return command

    async def _gather(self, batches: list[list[Command]]) -> None:
        await asyncio.gather(*(self.stores.commit(batch, self.now) for batch in batches))
