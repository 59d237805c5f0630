"""Runs the core of a node without gRPC, with streams that are read message by message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.builders import a_payload
from tests.support.clocks import FakeClock
from tests.support.devices import DeviceModel
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from tests.support.session_reader import SessionReader
from unisono.server.api.convert import encoding, subscribe_response
from unisono.server.bus.base import Bus
from unisono.server.bus.local import LocalBus
from unisono.server.clock import SingleWaiterEvent
from unisono.server.core.bars import Bars
from unisono.server.core.decide.commands import Actor, Delete, EncodedContent, Mark, Ref, StatePatch
from unisono.server.core.decide.results import DeleteResult, MarkStep
from unisono.server.core.endpoints import Endpoints
from unisono.server.core.eraser import Eraser
from unisono.server.core.feed_committer import FeedCommitter
from unisono.server.core.feeds import Feeds, SessionRules, StreamRequest
from unisono.server.core.hub import Hub
from unisono.server.core.notifications import Notifications, SendRequest
from unisono.server.core.presence import Presence
from unisono.server.core.stepping import Stepping
from unisono.server.core.stream_metrics import StreamMetrics
from unisono.server.core.sweeper import Sweeper, SweepRules
from unisono.server.core.turns import Turns
from unisono.server.model import (
    EVERY_ENDPOINT,
    FeedKey,
    Limits,
    Notification,
    Platform,
    SenderRole,
    TargetPolicy,
)
from unisono.v1 import feed_service_pb2 as pb

ADA = FeedKey("mail.test", "ada")
PUBLISHER = Actor(feed=ADA, role=SenderRole.PUBLISHER)
FAR_FUTURE = 10**15


@dataclass(kw_only=True)
class CoreHarness:
    """The core's parts put together as a node does, with a held clock, and a store in memory."""

    clock: FakeClock = field(default_factory=FakeClock)
    bus: Bus = field(default_factory=LocalBus)
    limits: Limits = field(default_factory=Limits)
    rules: SessionRules = field(default_factory=SessionRules)
    sweep_rules: SweepRules = field(default_factory=SweepRules)
    store: MemoryStore = field(
        default_factory=lambda: MemoryStore(ids=SequentialIds(), encode=encoding.encode_row)
    )

    def __post_init__(self) -> None:
        ids = SequentialIds()
        self.streams = StreamMetrics()
        self.hub = Hub(
            subscribe_response.encode_change,
            self.clock,
            self.streams,
            streams_per_user=self.limits.streams_per_user,
        )
        self.bus.listen(self.hub.on_hint)
        self.presence = Presence(self.store)
        self.bars = Bars(self.store, self.clock, per_app=self.limits.barred_users_per_app)
        self.eraser = Eraser(self.store, self.bus, self.bars, self.clock)
        self.commits = FeedCommitter(
            self.store,
            self.bus,
            self.presence,
            self.bars,
            self.clock,
            self.limits,
            batch=1000,
            capacity=10_000,
        )
        self.endpoints = Endpoints(
            self.store,
            self.bus,
            self.presence,
            self.bars,
            self.clock,
            self.limits,
            batch=1000,
            capacity=1000,
        )
        self.stepping = Stepping(self.commits, self.endpoints)
        self.sweeper = Sweeper(
            self.commits, self.endpoints, self.store, self.presence, self.clock, self.sweep_rules
        )
        self.notifications = Notifications(
            commits=self.commits,
            turns=Turns(self.clock),
            store=self.store,
            endpoints=self.endpoints,
            clock=self.clock,
            ids=ids,
            limits=self.limits,
        )
        self.feeds = Feeds(
            store=self.store,
            hub=self.hub,
            endpoints=self.endpoints,
            presence=self.presence,
            clock=self.clock,
            ids=ids,
            encode=subscribe_response.encode_catch_up_event,
            rules=self.rules,
            metrics=self.streams,
        )
        self.bus.listen(self.feeds.on_hint)

    async def send(
        self,
        title: str = "Hello",
        *,
        target: TargetPolicy = EVERY_ENDPOINT,
        origin: str = "",
        **content: Any,
    ) -> Notification:
        """Send a new notification; from the user's device named by `origin`, if it is not empty."""
        actor = replace(PUBLISHER, role=SenderRole.USER, endpoint_id=origin) if origin else PUBLISHER
        wanted = EncodedContent(**{"payload": a_payload(title), **content})
        request = SendRequest(actor=actor, key="", content=wanted, target=target, replace=False)
        return (await self.notifications.send(request)).notification

    async def mark(self, row: Notification, patch: StatePatch) -> MarkStep:
        return await self.commits.submit(Mark(actor=PUBLISHER, patch=patch, refs=(Ref(id=row.id),)), MarkStep)

    async def delete(self, row: Notification) -> DeleteResult:
        return await self.notifications.delete(Delete(actor=PUBLISHER, ref=Ref(id=row.id)))


@asynccontextmanager
async def running(harness: CoreHarness) -> AsyncIterator[CoreHarness]:
    """Start the committers of a harness, and close them in the end."""
    await harness.eraser.start()
    harness.commits.committer.start()
    harness.endpoints.committer.start()
    try:
        yield harness
    finally:
        await harness.eraser.close()
        await harness.commits.committer.close()
        await harness.endpoints.committer.close()


class Stream:
    """One stream of one endpoint. The session makes a message only when the one before was taken.

    So a client that does not read holds its session back. `held` outlives the stream.
    """

    def __init__(
        self,
        harness: CoreHarness,
        endpoint_id: str = "laptop",
        platform: Platform = Platform.LINUX,
        held: DeviceModel | None = None,
    ) -> None:
        self.held = held or DeviceModel()
        self._harness = harness
        self._endpoint_id = endpoint_id
        self._platform = platform
        self._reader: SessionReader | None = None
        self._subscriber = ExitStack()
        self._wake = SingleWaiterEvent()
        self._taking: asyncio.Task[pb.SubscribeResponse] | None = None

    async def open(
        self,
        *,
        heartbeat: float | None = None,
        from_end: bool = False,
        expire_time: int = FAR_FUTURE,
        transport: str = "",
        ephemeral: bool = False,
    ) -> "Stream":
        """Open the stream, from the token in `held` if there is one."""
        wanted = StreamRequest(
            feed=ADA,
            endpoint_id=self._endpoint_id,
            platform=self._platform,
            display_name="",
            resume_token=self.held.token or None,
            from_end=from_end,
            heartbeat=heartbeat,
            expire_time=expire_time,
            transport=transport,
            ephemeral=ephemeral,
        )
        subscriber = self._subscriber.enter_context(self._harness.feeds.subscribe(wanted))
        self._wake = subscriber.wake
        self._reader = SessionReader(await self._harness.feeds.open_stream(wanted, subscriber))
        return self

    async def synced(self, **wanted: Any) -> "Stream":
        """Open the stream, and take all messages up to Synced."""
        await self.open(**wanted)
        while not (await self.next()).HasField("synced"):
            pass
        return self

    async def next(self) -> pb.SubscribeResponse:
        """Return the next message, applied to `held`; fails when it needs time to pass."""
        told = await self.next_or_none()
        assert told is not None
        return told

    async def _take(self) -> pb.SubscribeResponse:
        """Take the next message of the session, and apply it to what the device holds."""
        assert self._reader is not None
        message = await self._reader.next()
        assert message is not None
        told = pb.SubscribeResponse.FromString(message)
        self.held.apply(told)
        return told

    async def next_or_none(self) -> pb.SubscribeResponse | None:
        """Return the next message, applied to `held`; None when the session waits for time or an event."""
        self._taking = self._taking or asyncio.create_task(self._take())
        waiting = asyncio.create_task(self._harness.clock.awaited(self._wake))
        await asyncio.wait({self._taking, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not self._taking.done():
            return None
        told, self._taking = self._taking.result(), None
        return told

    async def ended(self) -> pb.Goodbye:
        """Take the Goodbye, which must be the last message, and return it."""
        told = await self.next()
        assert told.HasField("goodbye"), told
        assert self._reader is not None
        await self._reader.ending()
        return told.goodbye

    async def cut(self) -> DeviceModel:
        """Cut the stream as a client that vanishes, and return what it holds."""
        if self._taking is not None:
            self._taking.cancel()
            await asyncio.wait([self._taking])
        if self._reader is not None:
            await self._reader.cut()
        self._subscriber.close()
        return self.held
