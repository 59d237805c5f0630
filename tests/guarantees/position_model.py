"""A model of devices that follow one feed by the rules of positions, and an oracle without positions.

The store decides with the service's own code; what a device receives goes through `Rules`, which are the
service's own unless a test breaks one. The oracle follows each device, and checks at every complete point
what it holds and what it has rung for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from tests.guarantees.random_feed import FEED, RandomFeed
from tests.support.encoding import decoded
from tests.support.random_commands import LAPTOP, PHONE
from unisono.server.core.position import CatchUpEvent, Position, catch_up_event
from unisono.server.core.resume_token import Seal
from unisono.server.model import (
    Audience,
    ChangeType,
    Feed,
    Notification,
    ReadState,
    UserActionState,
)
from unisono.server.model.target import target_of_key
from unisono.server.store.reads import EncodedRow, ListFilter

SILENT = (UserActionState.DISMISSED, UserActionState.SNOOZED)
PLENTY = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of positions: the service's own, unless a test replaces some."""

    beginning: Callable[[int], Position] = Position.beginning
    complete_at: Callable[[Position, int], Position] = lambda _, last: Position.complete_at(last)
    passed: Callable[[Position, int], Position] = Position.passed
    covered: Callable[[Position, int], bool] = Position.covered
    resumable: Callable[[Position, int, int], bool] = Position.resumable
    catch_up_event: Callable[[EncodedRow, Position, int], CatchUpEvent | None] = catch_up_event


@dataclass(slots=True, kw_only=True)
class FollowerState:
    """The state of a device, with the past that the oracle needs."""

    held: dict[str, tuple[Notification, bytes | None]] = field(default_factory=dict)
    token: bytes = b""
    #: The last complete revision, or where the device began: no alert up to it may ring any more.
    settled: int = 0
    #: What the device held at the last complete point: payloads by id.
    settled_held: dict[str, bytes | None] = field(default_factory=dict)
    #: Where the device began, if it began at the END and lacks what was before; else 0.
    blind: int = 0
    last_event: int = 0

    def copy(self) -> "FollowerState":
        return replace(self, held=dict(self.held), settled_held=dict(self.settled_held))


class Follower:
    """A device that follows the feed over connections that break, checked at every complete point."""

    def __init__(self, world: RandomFeed, rules: Rules, audience: Audience) -> None:
        self._world = world
        self._rules = rules
        self._audience = audience
        self._memory = FollowerState()
        self._saved = FollowerState()
        self._rung: set[tuple[str, int]] = set()
        self.complete_points = 0
        self.resyncs = 0
        self._seal = Seal(b"", b"", b"", b"")

    @property
    def rings(self) -> int:
        return len(self._rung)

    async def connect(self, *, steps: int, loss: float) -> bool:
        """Open a stream, take at most `steps` pages, and with `loss` 0 return whether one was complete.

        `loss` is the chance that the stream breaks at each page; then the feed changes between pages, too.
        Raises `AssertionError` where a promise is broken.
        """
        random = self._world.random
        position = await self._open()
        for _ in range(steps):
            for _ in range(random.choice((0, 0, 1, 2)) if loss else 0):
                await self._world.step()
            page = await self._world.store.changes(
                FEED,
                after=position.cursor,
                known=position.known,
                limit=random.randint(1, 5),
                max_bytes=PLENTY,
            )
            if not self._rules.covered(position, page.feed.floor):
                return False
            events = [
                self._rules.catch_up_event(row, position, self._world.now)
                for row in page.rows
                if target_of_key(row.target).includes(self._audience)
            ]
            if page.complete:
                position = self._rules.complete_at(position, page.feed.revision)
            else:
                position = self._rules.passed(position, page.rows[-1].revision)
            if random.random() < loss:
                return False
            self._apply([event for event in events if event is not None])
            self._memory.token = self._seal.token(position)
            if page.complete:
                self._check(page.feed)
                if not loss:
                    return True
        return False

    def forget_or_remember(self) -> None:
        """Save the state of the device, or restart it from what was saved; its rings are never forgotten."""
        if self._world.random.random() < 0.5:
            self._saved = self._memory.copy()
        else:
            self._memory = self._saved.copy()

    async def _open(self) -> Position:
        feed = await self._world.feed()
        self._seal = Seal.of(FEED, self._audience.endpoint_id, self._world.store.epoch, feed.epoch)
        if not self._memory.token:
            return await self._start(feed)
        position = self._seal.open(self._memory.token)
        if position is not None and self._rules.resumable(position, feed.revision, feed.floor):
            return position
        self.resyncs += 1
        return self._begin(feed)

    async def _start(self, feed: Feed) -> Position:
        match self._world.random.choice(("BEGINNING", "BEGINNING", "END", "LIST")):
            case "END":
                position = Position.complete_at(feed.revision)
                self._memory = FollowerState(settled=feed.revision, blind=feed.revision)
            case "LIST":
                position = Position.complete_at(feed.revision)
                await self._list(feed)
            case _:
                return self._begin(feed)
        self._memory.token = self._seal.token(position)
        return position

    async def _list(self, feed: Feed) -> None:
        where = ListFilter(audience=self._audience)
        page = await self._world.store.history(FEED, where, before=None, limit=PLENTY, max_bytes=PLENTY)
        rows = [decoded(told) for told in page.rows]
        self._memory = FollowerState(
            held={row.id: (row, row.payload) for row in rows},
            settled_held={row.id: row.payload for row in rows},
            settled=feed.revision,
        )

    def _begin(self, feed: Feed) -> Position:
        position = self._rules.beginning(feed.revision)
        self._memory = FollowerState(token=self._seal.token(position), settled=feed.revision)
        return position

    def _apply(self, events: list[CatchUpEvent]) -> None:
        for event in events:
            self._upsert(event)
        for event in events:
            if event.alert:
                self._ring(decoded(event.row))

    def _upsert(self, event: CatchUpEvent) -> None:
        row, memory = decoded(event.row), self._memory
        assert row.revision > memory.last_event, "an event out of order or twice"
        memory.last_event = row.revision
        if event.removed:
            memory.held.pop(row.id, None)
            return
        self._check_type(row, event.type)
        _, known = memory.held.get(row.id, (None, None))
        memory.held[row.id] = (row, row.payload if event.with_payload else known)

    def _ring(self, row: Notification) -> None:
        assert row.alert_revision > self._memory.settled, "a ring for what was settled"
        assert worth_a_ring(row, self._world.now), "a ring for what was handled or is over"
        self._rung.add((row.id, row.alert_revision))

    def _check_type(self, row: Notification, told: ChangeType) -> None:
        memory = self._memory
        if memory.blind:
            return
        new = row.id not in memory.settled_held
        assert new == (told is ChangeType.CREATED), "CREATED for what it had, or not for what is new"
        if told is ChangeType.STATE_CHANGED:
            (stored,) = (r for r in self._world.rows() if r.id == row.id)
            assert stored.payload == memory.settled_held[row.id], "new content without UPDATED"

    def _check(self, feed: Feed) -> None:
        """Check all promises at a complete point."""
        memory, rows = self._memory, self._world.rows()
        wanted = {row.id: row for row in rows if row.live and row.target.includes(self._audience)}
        assert not memory.held.keys() - wanted.keys(), "a ghost"
        for row in wanted.values():
            self._check_held(row)
            owed = row.alert_revision > memory.settled and worth_a_ring(row, self._world.now)
            assert not owed or (row.id, row.alert_revision) in self._rung, "a lost ring"
        assert feed.unread_count(self._audience) == sum(counts(row) for row in wanted.values())
        memory.settled = feed.revision
        memory.settled_held = {id_: payload for id_, (_, payload) in memory.held.items()}
        self.complete_points += 1

    def _check_held(self, row: Notification) -> None:
        held, payload = self._memory.held.get(row.id, (None, None))
        if held is None:
            assert row.revision <= self._memory.blind, "something is missing"
            return
        assert held.revision == row.revision, "not the state of the store"
        if payload is None:
            assert row.content_revision <= self._memory.blind, "content is missing"
        else:
            assert payload == row.payload, "not the content of the store"


def counts(row: Notification) -> bool:
    """Return whether a notification counts as unread (`unread_count` in `SubscribeResponse`)."""
    return row.read_state is ReadState.UNREAD and row.user_action_state not in SILENT


def worth_a_ring(row: Notification, now: int) -> bool:
    """Return whether a device should still ring for the alert of a row (docs/concepts.md, Ring)."""
    shown = row.display_time_to_live
    over = now >= row.expire_time or (shown is not None and now >= row.alert_time + shown)
    return row.live and counts(row) and not over


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Counts of what happened in a history, so that a test can assert that it covered something."""

    complete_points: int
    resyncs: int
    rings: int


async def history(seed: int, rules: Rules) -> Ran:
    """Run a random history of one feed and two devices. Raises `AssertionError` for a broken promise."""
    random = Random(seed)  # noqa: S311
    world = await RandomFeed(random).begin(random.randint(0, 12))
    followers = [Follower(world, rules, audience) for audience in (LAPTOP, PHONE)]
    for _ in range(random.randint(2, 12)):
        follower = random.choice(followers)
        await follower.connect(steps=random.randint(0, 6), loss=0.15)
        if random.random() < 0.2:
            follower.forget_or_remember()
        for _ in range(random.choice((0, 0, 1, 4, 12))):
            await world.step()
    for follower in followers:
        assert await _settles(follower, world), "a device that is left alone is never complete"
    return Ran(
        complete_points=sum(follower.complete_points for follower in followers),
        resyncs=sum(follower.resyncs for follower in followers),
        rings=sum(follower.rings for follower in followers),
    )


async def _settles(follower: Follower, world: RandomFeed) -> bool:
    """Return whether a few undisturbed connections bring the device to a complete point."""
    steps = len(world.rows()) + 1
    return any([await follower.connect(steps=steps, loss=0) for _ in range(3)])
