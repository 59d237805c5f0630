"""Rules with faults of a store: locked and broken databases, bad data, errors in `decide`, closing."""

from collections.abc import Awaitable, Callable
from typing import NoReturn

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.guarantees.stateful.random_endpoints import NAMES
from tests.guarantees.stateful.store_and_model import LIMITS
from tests.guarantees.stateful.store_writes import FEEDS, StoreWrites, feeds, few, seeds
from tests.support.builders import a_payload
from unisono.server.core.decide.batch import decide
from unisono.server.core.decide.commands import Actor, EncodedContent, ProcessDue, Send
from unisono.server.errors import OutcomeUnknown, Unavailable
from unisono.server.model import EVERY_ENDPOINT, LARGEST_INTEGER, FeedKey, SenderRole
from unisono.server.store.base import Store
from unisono.server.store.commit import View
from unisono.server.store.reads import EndpointActivity, ListFilter, PurgeBounds

#: Purges all that can be purged.
ALL = PurgeBounds(
    tombstones_before=LARGEST_INTEGER,
    tombstones_per_feed=0,
    endpoints_before=LARGEST_INTEGER,
    deletions_before=LARGEST_INTEGER,
    limit=100,
)

Call = Callable[[Store], Awaitable[object]]


class Fault(Exception):
    """An error raised by `decide`."""


class StoreTroubles(StoreWrites):
    """The machine with faults, after each of which the invariants check that nothing was changed."""

    @rule(seed=seeds, count=few, feed=feeds)
    def commit_while_held(self, seed: int, count: int, feed: FeedKey) -> None:
        """Refuse commits while another has a lock, and go on reading."""
        with self.backend.held():
            self._refused(self._committing(seed, count, feed))
            self.run(self.stores.compare())

    @rule(feed=feeds, name=st.sampled_from(NAMES))
    def other_writes_while_held(self, feed: FeedKey, name: str) -> None:
        sign = EndpointActivity(feed=feed, endpoint_id=name, time=self.now, ended_session="session-1")
        with self.backend.held():
            self._refused(lambda store: store.record_activity([sign]))
            self._refused(lambda store: store.purge(ALL))

    @rule(seed=seeds, count=few, feed=feeds)
    def calls_while_broken(self, seed: int, count: int, feed: FeedKey) -> None:
        if self.run(self.stores.model.feed(feed)) is None:
            return
        with self.backend.broken():
            self._refused(self._committing(seed, count, feed))
            self._refused(lambda store: store.find(feed, ids=["any"]))
            self._refused(lambda store: store.history(feed, ListFilter(), before=None, limit=9, max_bytes=9))
            self._refused(lambda store: store.changes(feed, after=0, known=0, limit=9, max_bytes=9))
            self._refused(
                lambda store: store.list_changes(feed, after=0, base=0, audience=None, limit=9, max_bytes=9)
            )

    @rule(feed=feeds, other=feeds, seed=seeds)
    def take_the_id_of_another_feed(self, feed: FeedKey, other: FeedKey, seed: int) -> None:
        """Reject a whole batch for one row that the database refuses."""
        rows = self.stores.model.rows(other)
        if feed == other or not rows:
            return
        send = Send(
            actor=Actor(feed=feed, role=SenderRole.PUBLISHER),
            new_id=rows[seed % len(rows)].id,
            key="",
            content=EncodedContent(payload=a_payload("Taken")),
            target=EVERY_ENDPOINT,
            replace=False,
            fingerprint=b"taken",
        )
        self.run(self.stores.commit([*self.commands(seed, FEEDS), send], self.now))

    @rule(seed=seeds, feed=feeds)
    def decide_with_a_fault(self, seed: int, feed: FeedKey) -> None:
        def fail(items: object, view: View) -> NoReturn:
            raise Fault

        store = self.stores.store
        assert self.run(_fails(store.commit(self.commands(seed, [feed]), fail), Fault))

    @rule()
    def reopen(self) -> None:
        self.run(self._reopen())

    async def _reopen(self) -> None:
        """Close the store, which then refuses calls, and open it again, which ends all sessions."""
        epoch = self.stores.store.epoch
        await self.stores.store.close()
        for feed in FEEDS:
            assert await _fails(self.stores.store.feed(feed), Unavailable)
            endpoints = await self.stores.model.endpoints(feed)
            ended = [_end_of(endpoint.session_id, feed, endpoint.endpoint_id) for endpoint in endpoints]
            await self.stores.model.record_activity(ended)
        self.stores.store = self.backend.store()
        await self.stores.store.open()
        assert self.stores.store.epoch == epoch

    def _committing(self, seed: int, count: int, feed: FeedKey) -> Call:
        """Return a commit that has to read rows, if there is a feed."""
        commands = [*self.commands(seed, [feed] * count), ProcessDue(feed=feed, id="any")]
        now = self.now
        return lambda store: store.commit(
            commands, lambda items, view: decide(items, view, now=now, limits=LIMITS)
        )

    def _refused(self, call: Call) -> None:
        assert self.run(_fails(call(self.stores.store), Unavailable))


async def _fails(call: Awaitable[object], how: type[Exception]) -> bool:
    """Return whether a call fails with this error, and not with `OutcomeUnknown`."""
    try:
        await call
    except how as error:
        return not isinstance(error, OutcomeUnknown)
    return False


def _end_of(session_id: str, feed: FeedKey, endpoint_id: str) -> EndpointActivity:
    return EndpointActivity(feed=feed, endpoint_id=endpoint_id, time=0, ended_session=session_id)
