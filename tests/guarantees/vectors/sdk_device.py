"""A device of the SDK's own parts, without a network, that is taken through the steps of a vector."""

import asyncio
from typing import Any, Final

from google.protobuf.json_format import ParseDict

from tests.guarantees.vectors.steps import Step, plain
from tests.sdk.event_reader import poll
from unisono.client import Backoff, Event, MemoryStorage, NotFound, Notification, Status, Unavailable
from unisono.client._calls import ServiceClient
from unisono.client._device.acknowledger import Acknowledger
from unisono.client._device.inbox import Inbox
from unisono.client._device.outbox import Outbox
from unisono.client._device.persistence import Persistence
from unisono.client._device.receiver import Receiver
from unisono.client._device.server_clock import ServerClock
from unisono.client._device.state import DeviceState
from unisono.client._device.watchdog import Stalled, Watchdog
from unisono.client._wire.caller import RpcCaller
from unisono.client._wire.tokens import Tokens
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

#: Seconds: what the SDK takes for a stall, and how often it looks at the clock here: often enough.
STALL_TIMEOUT: Final = 10.0
TICK: Final = 9.0


class Answers:
    """A transport that answers the calls of a device as the present step says. `marks` are those received."""

    def __init__(self) -> None:
        self.step: Step = {}
        self.marks: list[service_pb.MarkNotificationsRequest] = []

    async def unary(self, method: Any, request: Any, *, token: str, timeout: float | None) -> Any:
        if method.name == "MarkNotifications":
            self.marks.append(request)
            return service_pb.MarkNotificationsResponse(last_revision=self.step.get("answered", 0))
        assert method.name == "GetNotification", method
        payloads = self.step.get("payloads", {})
        if request.notification.id not in payloads:
            raise NotFound("it is gone", reason="NOTIFICATION_NOT_FOUND")
        answer = service_pb.GetNotificationResponse()
        ParseDict(payloads[request.notification.id], answer.notification.payload)
        return answer

    def stream(self, method: Any, request: Any, *, token: str) -> Any:
        raise AssertionError("nobody streams here")

    async def close(self) -> None:
        return


class SdkDevice:
    """Does what each step says, and says what it makes of it in the words of the vectors."""

    def __init__(self) -> None:
        self._boot = self._wall = 0.0
        self._frozen = False
        self._storage = MemoryStorage()
        self._answers = Answers()
        self._sending: asyncio.Task[None] | None = None

    async def take(self, step: Step) -> Step:
        """Do a step, and return what there is to say, whether or not that is expected."""
        self._set_clocks(step)
        self._answers.step = step
        (kind,) = step.keys() & {"connect", "message", "look", "mark", "restart", "refused", "freeze"}
        said: Step = await getattr(self, f"_{kind}")(step)
        return said

    def _set_clocks(self, step: Step) -> None:
        boot = step.get("boot", self._boot)
        self._wall = step.get("wall", self._wall + boot - self._boot)
        if self._boot and not step.keys() & {"freeze", "restart"}:
            self._run_until(boot)
        self._boot = boot

    def _run_until(self, boot: float) -> None:
        """Let time pass, in which the device looks at the clock as it must."""
        while self._boot < boot:
            self._boot = min(boot, self._boot + TICK)
            self._watchdog.look()

    async def start(self, opening: pb.SubscribeRequest) -> None:
        """Begin a process, with what the one before has saved."""
        self._opening = opening
        self._watchdog = Watchdog(STALL_TIMEOUT, lambda: self._boot)
        clock = ServerClock(boot=lambda: self._boot, wall=lambda: self._wall)
        self._state = DeviceState(self._watchdog, clock)
        persistence = Persistence(self._storage, "laptop")
        kept = await persistence.load()
        self._state.inbox = Inbox(kept.rows, kept.point, kept.feed_epoch)
        if kept.clock is not None:
            self._state.clock.restore(kept.clock)
        caller = RpcCaller(self._answers, Tokens("a token"), Backoff())
        self._outbox = Outbox(ServiceClient(caller), persistence, self._state, timeout=1, backoff=Backoff())
        self._outbox.restore(kept.marks)
        acknowledger = Acknowledger(caller, "laptop", interval=1, timeout=1)
        self._receiver = Receiver(
            opening,
            caller,
            self._state,
            persistence,
            self._outbox,
            acknowledger,
            self._watchdog,
            timeout=1,
        )
        self._events = self._state.listen()

    async def _connect(self, step: Step) -> Step:
        await self._break_off()
        async with self._watchdog.watching():
            self._frozen = False
        request = self._receiver.next_request()
        request.ClearField("endpoint_id")
        return {"connect": plain(request)}

    async def close(self) -> None:
        """End the device."""
        await self._break_off()

    async def _break_off(self, *, reset_position: bool = False) -> None:
        """Break the stream."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait([self._sending])
        self._sending = None
        self._receiver.on_disconnect(Unavailable("it broke"), reset_position=reset_position)

    async def _message(self, step: Step) -> Step:
        message = ParseDict(step["message"], pb.SubscribeResponse())
        try:
            if not self._frozen:
                await self._receiver.on_message(message)
        except Stalled as stalled:
            self._frozen = True
            self._receiver.on_disconnect(stalled, reset_position=False)
        inbox = self._state.inbox
        return {
            "unread_count": inbox.unread_count,
            "rows": {row.id: [row.revision, row.title] for row in inbox.notifications},
            "rings": [_ring(event) for event in poll(self._events) if event.ring],
            "send": await self._send(),
            **await self._look(step),
        }

    async def _send(self) -> Step:
        """Let the device send what waits, and return the parts of each mark, by notification."""
        self._answers.marks.clear()
        if len(self._outbox) and self._state.status is Status.LIVE:
            self._sending = self._sending or asyncio.create_task(self._outbox.run())
            while len(self._outbox) and not self._sending.done():  # noqa: ASYNC110  nobody says so
                await asyncio.sleep(0)
        sent: Step = {}
        for mark in self._answers.marks:
            for ref in mark.references.refs:
                sent.setdefault(ref.id, []).append([mark.read_state, mark.user_action_state])
        return sent

    async def _mark(self, step: Step) -> Step:
        await self._break_off()
        assert await self._outbox.put(ParseDict(step["mark"], service_pb.MarkNotificationsRequest())) is None
        return await self._look(step)

    async def _look(self, step: Step) -> Step:
        rows = {row.id: row for row in self._state.inbox.notifications}
        marked = {row.id: _state(row) for row in self._state.notifications if row != rows[row.id]}
        return {
            "shown": [row.id for row in self._state.shown],
            "badge": self._state.badge,
            "marked": marked,
        }

    async def _restart(self, step: Step) -> Step:
        await self._break_off()
        await self.start(self._opening)
        return {}

    async def _freeze(self, step: Step) -> Step:
        return {}

    async def _refused(self, step: Step) -> Step:
        await self._break_off(reset_position=True)
        return {}


def _ring(event: Event) -> list[Any]:
    return [event.notification.id, event.notification.alert_revision]


def _state(row: Notification) -> list[int]:
    return [int(row.read_state), int(row.user_action_state)]
