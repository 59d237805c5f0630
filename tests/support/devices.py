"""A device by the rules of docs/devices.md: reads a stream, applies events, rings once for each alert."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc

from tests.support.nodes import Client
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2


@dataclass(kw_only=True)
class DeviceModel:
    """The state of a device over all of its streams; `messages` are those of the last one.

    `rung` are notification id and alert revision of each ring. `complete_revision` is -1 before the first
    complete point.
    """

    notifications: dict[str, notification_pb2.Notification] = field(default_factory=dict)
    rung: list[tuple[str, int]] = field(default_factory=list)
    token: bytes = b""
    revision: int = 0
    complete_revision: int = -1
    unread_count: int = 0
    messages: list[pb.SubscribeResponse] = field(default_factory=list)

    def apply(self, message: pb.SubscribeResponse) -> None:
        """Apply a message by the rules of docs/devices.md."""
        self.messages.append(message)
        kind = message.WhichOneof("message")
        if kind == "welcome" and not message.welcome.resumed:
            self.notifications.clear()
        for event in message.event_batch.events:
            self._upsert(event)
        for event in message.event_batch.events:
            self._ring(event)
        self.token, self.revision = message.resume_token, message.revision
        if message.complete:
            self.complete_revision = message.revision
            self.unread_count = message.unread_count

    def _upsert(self, event: pb.Event) -> None:
        if event.removed:
            self.notifications.pop(event.notification_id, None)
            return
        known = self.notifications.get(event.notification_id)
        row = notification_pb2.Notification()
        row.CopyFrom(event.notification)
        if known is not None and not row.HasField("payload"):
            row.payload.CopyFrom(known.payload)
        self.notifications[event.notification_id] = row

    def _ring(self, event: pb.Event) -> None:
        row = self.notifications.get(event.notification_id)
        if not event.alert or row is None or row.read_state != notification_pb2.READ_STATE_UNREAD:
            return
        if row.user_action_state in (
            notification_pb2.USER_ACTION_STATE_DISMISSED,
            notification_pb2.USER_ACTION_STATE_SNOOZED,
        ):
            return
        ring = (event.notification_id, event.notification.alert_revision)
        if ring not in self.rung:
            self.rung.append(ring)


class Device:
    """One endpoint whose stream is read by a task; `held` is its state, `error` what ended the stream."""

    def __init__(self, client: Client, endpoint_id: str, held: DeviceModel | None = None) -> None:
        self.client = client
        self.endpoint_id = endpoint_id
        self.held = held or DeviceModel()
        self.error: grpc.aio.AioRpcError | None = None
        #: The failed check of a message, where `held` checks them.
        self.fault: AssertionError | None = None
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._call: grpc.aio.UnaryStreamCall[pb.SubscribeRequest, pb.SubscribeResponse] | None = None

    async def connect(self, **request: object) -> "Device":
        """Open the stream, from the token in `held` if there is one, and wait for a complete point."""
        self.open(**request)
        await self.until(lambda held: held.messages and held.messages[-1].complete)
        return self

    def open(self, **request: object) -> None:
        """Open the stream, without waiting for it; `request` has fields of the request."""
        wanted: dict[str, object] = {
            "endpoint_id": self.endpoint_id,
            "platform": notification_pb2.DEVICE_PLATFORM_LINUX,
            **({"resume_token": self.held.token} if self.held.token else {}),
            **request,
        }
        message = pb.SubscribeRequest(**wanted)  # type: ignore[arg-type]
        self.held.messages.clear()
        self._call = self.client.feeds.Subscribe(message, metadata=self.client.metadata)
        self._task = asyncio.create_task(self._read(self._call))

    async def until(self, condition: Callable[[DeviceModel], object]) -> DeviceModel:
        """Wait until what is held meets the condition, and return it; fails when the stream ends before."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.fault or self.error or condition(self.held))
        if self.fault is not None:
            raise self.fault
        if not condition(self.held):
            raise AssertionError(f"the stream ended: {self.error}")
        return self.held

    async def at(self, revision: int) -> DeviceModel:
        """Wait for a complete point at this revision or later."""
        return await self.until(lambda held: held.complete_revision >= revision)

    async def ended(self) -> grpc.aio.AioRpcError:
        """Wait for the end of the stream, and return the error that ended it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.error is not None)
        if self.error is None:
            raise AssertionError("the stream ended without an error")
        return self.error

    async def disconnect(self) -> DeviceModel:
        """Cut the stream, and return what is held."""
        if self._call is not None and self._task is not None:
            self._call.cancel()
            await asyncio.wait([self._task])
        return self.held

    async def _read(
        self, call: "grpc.aio.UnaryStreamCall[pb.SubscribeRequest, pb.SubscribeResponse]"
    ) -> None:
        try:
            async for message in call:
                async with self._changed:
                    self.held.apply(message)
                    self._changed.notify_all()
        except asyncio.CancelledError:
            return
        except grpc.aio.AioRpcError as error:
            async with self._changed:
                self.error = error
                self._changed.notify_all()
        except AssertionError as fault:
            async with self._changed:
                self.fault = fault
                self._changed.notify_all()
            call.cancel()
