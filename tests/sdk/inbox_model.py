"""A device made of the SDK's parts but the network, and an oracle of what it should hold and ring for.

The oracle does not depend on positions and batches: at every complete point it compares with the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from tests.guarantees.position_model import counts, worth_a_ring
from tests.guarantees.random_feed import RandomFeed
from tests.sdk.event_reader import Reader
from tests.sdk.moods import STALL_TIMEOUT, MoodyStorage, RandomStalls
from tests.sdk.stream_model import PayloadTransport, StreamModel
from tests.support.random_commands import LAPTOP, PHONE
from unisono.client import (
    Backoff,
    ChangeType,
    Event,
    Notification,
    Unavailable,
)
from unisono.client._calls import ServiceClient
from unisono.client._convert import notification
from unisono.client._device.acknowledger import Acknowledger
from unisono.client._device.inbox import Inbox
from unisono.client._device.outbox import Outbox
from unisono.client._device.persistence import Persistence
from unisono.client._device.receiver import Receiver
from unisono.client._device.state import DeviceState
from unisono.client._device.watchdog import Stalled
from unisono.client._wire.caller import RpcCaller
from unisono.client._wire.tokens import Tokens
from unisono.server.api.convert import encoding, messages
from unisono.server.model import Audience
from unisono.v1 import feed_service_pb2 as pb

Rings = frozenset[tuple[str, int]]
"""Alerts, by notification and alert revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedState:
    """The past of a device, as the oracle needs it to know what must and may ring."""

    #: The last complete revision, or where the device began: no alert up to it may ring any more.
    settled: int = 0
    #: Where the device began, if it began at the END and lacks what was before; else 0.
    blind: int = 0
    #: Where the service takes the device to be complete, which a device learns from Synced only.
    base: int = 0
    #: Alerts that it has received up to `base`, and has not rung for yet.
    told: Rings = frozenset()
    rung: Rings = frozenset()


class Model:
    """One endpoint over many streams and several processes, checked at every complete point.

    Its processes stand still now and then: before a message is applied, while content is fetched for it, and
    while what it changes is saved.
    """

    def __init__(self, world: RandomFeed, audience: Audience, *, from_end: bool) -> None:
        self._world = world
        self._wire = StreamModel(world, audience)
        self._random = world.random
        self._stalls = RandomStalls(world.random)
        self._storage = MoodyStorage(world.random, self._stalls)
        start = pb.START_POSITION_END if from_end else pb.START_POSITION_BEGINNING
        self._opening = pb.SubscribeRequest(endpoint_id=audience.endpoint_id, start_position=start)
        self._memory = self._settled = self._saved = ExpectedState()
        self.complete_points = self.resets = self.rings = self.stalls = 0
        self._anew = self._catching_up = False
        #: Whether the process stood still, and was not complete since.
        self.past = False

    async def start(self) -> None:
        """Start the device anew from its storage, as in a new process."""
        self._watchdog = self._stalls.clock.watchdog(STALL_TIMEOUT)
        self._state = DeviceState(self._watchdog)
        persistence = Persistence(self._storage, self._opening.endpoint_id)
        kept = await persistence.load()
        self._state.inbox = Inbox(kept.rows, kept.point)
        self._transport = PayloadTransport(self._world, self._stalls.maybe)
        caller = RpcCaller(self._transport, Tokens("a token"), Backoff())
        outbox = Outbox(ServiceClient(caller), persistence, self._state, timeout=1, backoff=Backoff())
        telling = Acknowledger(caller, self._opening.endpoint_id, interval=1, timeout=1)
        parts = (caller, self._state, persistence, outbox, telling, self._watchdog)
        self._receiver = Receiver(self._opening, *parts, timeout=1)
        self._memory = self._settled = self._saved
        self.past = False
        self._prompt, self._slow = (Reader(self._state.listen(), dict(self._held)) for _ in range(2))

    @property
    def _held(self) -> dict[str, Notification]:
        return {row.id: row for row in self._state.inbox.notifications}

    async def connect(self, *, steps: int, loss: float) -> bool:
        """Open a stream, take at most `steps` messages, and return whether there was a complete point.

        `loss` is the chance that the stream breaks at each message; with 0, the feed stands still, and the
        stream ends at the first complete point. Raises `AssertionError` where a promise is broken.
        """
        request, complete = self._receiver.next_request(), False
        self._stalls.chance = loss / 5
        self._watchdog.begin()
        async for message in self._wire.stream(request, busy=bool(loss)):
            if steps == 0 or self._random.random() < loss:
                break
            steps -= 1
            await self._notice(message, request)
            try:
                self._stalls.maybe()
                await self._receiver.on_message(message)
            except Stalled as error:
                self._stand_still(error)
                return complete
            if message.complete:
                self._check(message)
                complete = True
                if not loss:
                    break
            elif message.HasField("event_batch") and self._wire.known == message.revision:
                self._memory = replace(self._memory, base=message.revision, told=self._due())
        reset_position = self._random.random() < loss / 5
        self._receiver.on_disconnect(Unavailable("the line broke"), reset_position=reset_position)
        return complete

    def _stand_still(self, error: Stalled) -> None:
        """Go back to the last complete point: what was collected since is dropped, and what waits is past."""
        self._receiver.on_disconnect(error, reset_position=False)
        assert not self._prompt.read(), "it plays back what was before"
        self._memory, self._anew, self.past = self._settled, False, True
        if self._storage.saved:
            self._saved = self._settled
        self.stalls += 1

    async def _notice(self, message: pb.SubscribeResponse, request: pb.SubscribeRequest) -> None:
        """Update the expected state at a Welcome."""
        if not message.HasField("welcome"):
            return
        self._catching_up = True
        if not message.welcome.resumed:
            self._anew, self._transport.asked = True, 0
            self._prompt.in_order = self._slow.in_order = not self._memory.blind
            self.resets += 1
            last = (await self._world.feed()).revision
            from_end = not request.resume_token and request.start_position == pb.START_POSITION_END
            assert not (from_end and self._state.inbox.complete), "it skips what came while it was away"
            blind = last if from_end else 0
            self._memory = ExpectedState(settled=last, blind=blind, base=last, rung=self._memory.rung)

    def _check(self, point: pb.SubscribeResponse) -> None:
        """Check all promises at a complete point."""
        self._check_held(point)
        before, events = dict(self._prompt.held), self._prompt.read()
        assert self._prompt.held == self._held, "events do not tell what happened"
        for event in events:
            self._check_type(event, before)
        self._check_rings([event for event in events if event.ring])
        self._check_slow(events)
        self._memory = ExpectedState(
            settled=point.revision,
            blind=self._memory.blind,
            base=point.revision,
            rung=self._memory.rung
            | {(e.notification.id, e.notification.alert_revision) for e in events if e.ring},
        )
        self._settled = self._memory
        if self._storage.saved:
            self._saved = self._memory
        self._anew = self._catching_up = self.past = False
        self.complete_points += 1

    def _check_held(self, point: pb.SubscribeResponse) -> None:
        inbox, held = self._state.inbox, self._held
        wanted = {row.id: row for row in self._wire.wanted()}
        assert (inbox.revision, inbox.unread_count) == (point.revision, sum(map(counts, wanted.values())))
        assert not held.keys() - wanted.keys(), "a ghost"
        for row in wanted.values():
            if row.id in held:
                assert held[row.id] == notification(messages.notification(row)), "not the state of the store"
            else:
                assert row.revision <= self._memory.blind, "something is missing"
        assert self._memory.blind or not self._transport.asked, "it asks for content that it has"
        order = [(row.create_time, row.id) for row in inbox.notifications]
        assert order == sorted(order, reverse=True)

    def _check_type(self, event: Event, before: Mapping[str, Notification]) -> None:
        """Check the change type of an event."""
        known = event.notification.id in before
        if event.removed:
            assert known, "a removal of what it never showed"
        elif not self._anew and not self._memory.blind:
            assert known == (event.change_type is not ChangeType.CREATED), "CREATED for what it had"

    def _check_rings(self, rings: list[Event]) -> None:
        ids = {(event.notification.id, event.notification.alert_revision) for event in rings}
        due = self._due()
        assert not ids & self._memory.rung, "a ring was repeated"
        assert all(revision > self._memory.settled for _, revision in ids), "a ring for what was settled"
        if self._catching_up:
            assert len(rings) <= 1, "more than one ring for a catch-up"
            assert rings or not due, "a lost ring"
        else:
            assert due <= ids, "a lost ring"
        self.rings += len(rings)

    def _due(self) -> Rings:
        """Return the alerts that must ring now."""
        memory = self._memory
        worth = {(r.id, r.alert_revision) for r in self._wire.wanted() if worth_a_ring(r, self._world.now)}
        return frozenset((id_, at) for id_, at in worth if at > memory.base or (id_, at) in memory.told)

    def _check_slow(self, events: list[Event]) -> None:
        """Check that a slow reader misses nothing that still matters."""
        for event in events:
            self._slow.owe(event)
        if self.past:
            self._slow.owe_one()
        if self._random.random() < 0.3:
            rung = [event.notification.id for event in self._slow.read() if event.ring]
            assert sorted(rung) == sorted(self._slow.owed), "a slow reader's rings"
            assert self._slow.held == self._held, "a slow reader's state"
            self._slow.owed.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Counts of what happened in a history, so that a test can assert that it covered something."""

    complete_points: int
    resets: int
    rings: int
    stalls: int


async def history(seed: int) -> Ran:
    """Run a random history of one feed and two devices. Raises `AssertionError` for a broken promise."""
    random = Random(seed)  # noqa: S311
    world = await RandomFeed(random, encoding.encode_row).begin(random.randint(0, 12))
    models = [Model(world, audience, from_end=random.random() < 0.2) for audience in (LAPTOP, PHONE)]
    for model in models:
        await model.start()
    for _ in range(random.randint(2, 12)):
        model = random.choice(models)
        await model.connect(steps=random.randint(0, 12), loss=0.15)
        # Systems freeze apps, and end them then.
        if random.random() < (0.5 if model.past else 0.2):
            await model.start()
        for _ in range(random.choice((0, 0, 1, 4, 12))):
            await world.step()
    for model in models:
        steps = 2 * len(world.rows()) + 3
        assert any([await model.connect(steps=steps, loss=0) for _ in range(3)]), "it never settles"
    return Ran(
        complete_points=sum(model.complete_points for model in models),
        resets=sum(model.resets for model in models),
        stalls=sum(model.stalls for model in models),
        rings=sum(model.rings for model in models),
    )
