"""One device of the user: holds a stream, keeps what it is told, rings once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import grpc

from demo.words import Say, title
from unisono.client import bearer
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1.feed_service_pb2_grpc import FeedServiceStub

QUIET = (pb.USER_ACTION_STATE_DISMISSED, pb.USER_ACTION_STATE_SNOOZED)

Stream = grpc.aio.UnaryStreamCall[feed_pb.SubscribeRequest, feed_pb.SubscribeResponse]


class Device:
    """Keeps its inbox and its position across streams, as an app on a phone would."""

    def __init__(
        self, name: str, platform: pb.Platform.ValueType, channel: grpc.aio.Channel, token: str, say: Say
    ) -> None:
        self.name = name
        self.inbox: dict[str, pb.Notification] = {}
        self.unread_count = 0
        self.revision = 0
        self.received = 0
        self.rang: list[str] = []
        self._platform = platform
        self._feeds = FeedServiceStub(channel)
        self._metadata = bearer(token)
        self._say = say
        self._position = b""
        self._rung: set[tuple[str, int]] = set()
        self._progress = asyncio.Condition()
        self._stream: Stream | None = None
        self._task: asyncio.Task[None] | None = None

    async def go_online(self) -> None:
        """Open the stream where the last one ended, and wait until nothing is missing."""
        request = feed_pb.SubscribeRequest(
            endpoint_id=self.name, platform=self._platform, display_name=f"Ada's {self.name}"
        )
        if self._position:
            request.resume_token = self._position
        self.received, self.rang = 0, []
        self._stream = self._feeds.Subscribe(request, metadata=self._metadata)
        synced = asyncio.Event()
        self._task = asyncio.create_task(self._read(self._stream, synced))
        await self._while_reading(synced.wait())

    async def go_offline(self) -> None:
        """Lose the connection, without a word to the server."""
        if self._stream is not None and self._task is not None:
            self._stream.cancel()
            await asyncio.wait([self._task])
            self._say(self.name, "is offline")

    async def reach(self, revision: int) -> None:
        """Wait until this revision has arrived."""
        await self._while_reading(self._reached(revision))

    async def _reached(self, revision: int) -> None:
        async with self._progress:
            await self._progress.wait_for(lambda: self.revision >= revision)

    async def _while_reading(self, awaited: Coroutine[Any, Any, object]) -> None:
        """Wait for something that the stream brings; raise what ends the stream before it does."""
        waiting = asyncio.create_task(awaited)
        reading = {self._task} if self._task else set()
        await asyncio.wait({waiting, *reading}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            for task in reading:
                task.result()
            raise ConnectionError(f"the stream of the {self.name} ended")
        await waiting

    async def _read(self, stream: Stream, synced: asyncio.Event) -> None:
        try:
            async for message in stream:
                self._apply(message)
                if message.WhichOneof("message") == "synced":
                    synced.set()
                async with self._progress:
                    self._progress.notify_all()
        except asyncio.CancelledError:
            return

    def _apply(self, message: feed_pb.SubscribeResponse) -> None:
        """Insert, update and remove; then ring, for what is still worth it after the whole batch."""
        if message.HasField("welcome") and not message.welcome.resumed:
            self.inbox.clear()
        for event in message.event_batch.events:
            self._upsert(event)
        for event in message.event_batch.events:
            self._ring(event)
        self._position = message.resume_token
        if message.complete:
            self.revision, self.unread_count = message.revision, message.unread_count

    def _upsert(self, event: feed_pb.Event) -> None:
        self.received += 1
        before = self.inbox.pop(event.notification_id, None)
        if not event.removed:
            row = self.inbox[event.notification_id] = event.notification
            if before is not None and not row.HasField("payload"):
                row.payload.CopyFrom(before.payload)
        self._say(self.name, _told(event, before))

    def _ring(self, event: feed_pb.Event) -> None:
        row = self.inbox.get(event.notification_id)
        ring = (event.notification_id, event.notification.alert_revision)
        if row is None or not event.alert or ring in self._rung or not _wants_attention(row):
            return
        self._rung.add(ring)
        self.rang.append(title(row))
        self._say(self.name, f"♪ rings: {title(row)}")


def _wants_attention(row: pb.Notification) -> bool:
    return row.read_state == pb.READ_STATE_UNREAD and row.user_action_state not in QUIET


def _told(event: feed_pb.Event, before: pb.Notification | None) -> str:
    """One line of what an event did."""
    if event.removed:
        return f"- {title(before)}" if before else "(gone before it was ever here)"
    row = event.notification
    signs: dict[int, Callable[[], str]] = {
        feed_pb.CHANGE_TYPE_CREATED: lambda: f"+ {title(row)}",
        feed_pb.CHANGE_TYPE_UPDATED: lambda: f"~ {title(row)}",
    }
    return signs.get(event.change_type, lambda: f"= {title(row)}: {_state(row)}")()


def _state(row: pb.Notification) -> str:
    read = pb.ReadState.Name(row.read_state).removeprefix("READ_STATE_").lower()
    action = pb.UserActionState.Name(row.user_action_state).removeprefix("USER_ACTION_STATE_").lower()
    return read if row.user_action_state == pb.USER_ACTION_STATE_NO_INTERACTION else f"{read}, {action}"
