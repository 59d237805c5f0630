"""Handles the messages of a device's stream: applies, saves, shows and acknowledges what they change."""

from collections.abc import Coroutine, Iterable
from typing import Any

from unisono.client._device.acknowledger import Acknowledger
from unisono.client._device.catch_up_limit import CatchUpLimit, ServerMisbehaves
from unisono.client._device.outbox import Outbox
from unisono.client._device.persistence import Persistence
from unisono.client._device.shielded import run_shielded
from unisono.client._device.state import DeviceState, Status
from unisono.client._device.watchdog import Stalled, Watchdog
from unisono.client._errors import FeedDeleted, NotFound, UnisonoError
from unisono.client._wire.caller import Deadline, RpcCaller
from unisono.client._wire.methods import GET
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1.notification_pb2 import NotificationRef
from unisono.v1.notification_service_pb2 import GetNotificationRequest


class Receiver:
    """The `StreamHandler` of a device. `opening` is the request of a device that holds nothing yet."""

    def __init__(
        self,
        opening: pb.SubscribeRequest,
        caller: RpcCaller,
        state: DeviceState,
        persistence: Persistence,
        outbox: Outbox,
        acknowledger: Acknowledger,
        watchdog: Watchdog,
        *,
        timeout: float,
    ) -> None:
        self._opening = opening
        self._caller = caller
        self._state = state
        self._persistence = persistence
        self._outbox = outbox
        self._acknowledger = acknowledger
        self._watchdog = watchdog
        self._timeout = timeout
        self._catch_up = CatchUpLimit()

    async def before_stream(self) -> None:
        """Save what could not be saved. Raises `StorageFailed` while too much of that is left."""
        await self._persistence.make_room()

    def next_request(self) -> pb.SubscribeRequest:
        """Return the request of the next stream: from the last applied message on, or from the beginning.

        Only a device that was never complete starts where its owner wants: another would miss what came
        since.
        """
        request = pb.SubscribeRequest()
        request.CopyFrom(self._opening)
        if self._state.inbox.token:
            request.resume_token = self._state.inbox.token
        elif self._state.inbox.complete:
            request.start_position = pb.START_POSITION_BEGINNING
        return request

    async def on_message(self, message: pb.SubscribeResponse) -> None:
        """Apply a message. At a complete point, save what it changed before anybody sees it.

        Raises `ServerMisbehaves` where it is more than a device takes, `StorageFailed` when too much is
        unsaved, errors of calls for missing payloads, and `Stalled` where the process stood still since the
        stream began, which changes nothing.
        """
        self._watchdog.check()
        self._catch_up.count(message)
        if message.goodbye.reason == pb.GOODBYE_REASON_FEED_DELETED:
            await self.on_feed_deleted()
            return
        if message.HasField("welcome"):
            await self._begin_life(message.welcome.feed_epoch)
            self._outbox.go_offline()
            self._state.set_status(Status.CATCHING_UP, None)
            self._outbox.snoozes_by_span = message.welcome.HasField("server_time")
            self._state.clock.hear(message.welcome.server_time, anew=True)
        self._state.clock.hear(message.heartbeat.server_time)
        inbox = self._state.inbox
        inbox.receive(message)
        if not message.complete:
            return
        for id_ in inbox.missing_payloads():
            await self._fetch_payload(id_)
        # Once saved, no later process rings for it: so events are handed out even when this is cancelled.
        await run_shielded(self._complete(message))

    def background_tasks(self) -> Iterable[Coroutine[Any, Any, None]]:
        """Return what runs while there is a stream: sending marks, and acknowledging positions."""
        return self._outbox.run(), self._acknowledger.run()

    async def on_feed_deleted(self) -> None:
        """Discard all that the device holds, saves and has not sent: the user was deleted."""
        await run_shielded(self._discard())

    def on_disconnect(self, error: UnisonoError, *, reset_position: bool) -> None:
        """Show that the device is offline, and why."""
        if isinstance(error, Stalled | ServerMisbehaves):
            self._catch_up.reset()
            self._state.inbox.rewind()
        if reset_position:
            self._state.inbox.reset_position()
        self._outbox.go_offline()
        self._state.set_status(Status.OFFLINE, error)

    async def _complete(self, point: pb.SubscribeResponse) -> None:
        state = self._state
        self._watchdog.check()
        async with self._outbox.deciding:
            settlement = self._outbox.settle(point.revision)
            changes = state.inbox.compute_changes(point, lay_over=state.overlay.lay_over, passed=state.passed)
            saved = await self._persistence.save_changes(changes, state.clock.ahead_of_wall, settlement)
            try:
                self._watchdog.check()
            except Stalled:
                # What is not shown yet must not be kept as shown: no process would ring for it.
                await self._persistence.save_changes(state.inbox.undo(changes))
                state.overlay.refresh(state.inbox, settlement.touched)
                raise
            if saved:
                self._acknowledger.advance(point.resume_token)
            state.apply(changes, settlement.touched)
            self._outbox.go_live()
            await self._outbox.finish()
        self._persistence.check_room()

    async def _begin_life(self, feed_epoch: bytes) -> None:
        """Discard what is of another life of the feed; older servers do not name it."""
        known = self._state.inbox.feed_epoch
        if known and feed_epoch and known != feed_epoch:
            await self.on_feed_deleted()
        self._state.inbox.feed_epoch = feed_epoch or known

    async def _discard(self) -> None:
        marks = self._outbox.discard(FeedDeleted("the user was deleted", reason="FEED_DELETED"))
        self._acknowledger.reset()
        # No mark is made meanwhile, of what is about to go.
        async with self._outbox.deciding:
            held = [row.id for row in self._state.inbox.notifications]
            await self._persistence.discard(held, marks)
            self._state.discard()

    async def _fetch_payload(self, id_: str) -> None:
        """Get the content of a notification that came without it. If it is gone, an event will say so."""
        request = GetNotificationRequest(notification=NotificationRef(id=id_))
        try:
            answer = await self._caller.call(GET, request, Deadline(self._timeout))
        except NotFound as error:
            if error.reason:
                return
            raise
        self._state.inbox.fill_payload(id_, answer.notification.payload)
