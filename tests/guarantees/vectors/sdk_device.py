"""A device of the SDK's own parts, without a network, that is taken through the steps of a vector."""

from typing import Any, Final

from google.protobuf.json_format import ParseDict

from tests.guarantees.vectors.steps import Step, plain
from tests.sdk.event_reader import poll
from unisono.client import Backoff, Event, MemoryStorage, NotFound, Unavailable
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

#: Seconds, as the SDK has them: how often it looks at the clock, and what it takes for a stall.
TICK: Final = 2.0
STALL_TIMEOUT: Final = 10.0


class Payloads:
    """A transport that answers GetNotification with the payloads of the present step."""

    def __init__(self) -> None:
        self.present: Step = {}

    async def unary(self, method: Any, request: Any, *, token: str, timeout: float | None) -> Any:
        assert method.name == "GetNotification", method
        if request.notification.id not in self.present:
            raise NotFound("it is gone")
        answer = service_pb.GetNotificationResponse()
        ParseDict(self.present[request.notification.id], answer.notification.payload)
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
        self._payloads = Payloads()

    async def take(self, step: Step) -> Step:
        """Do a step, and return what there is to say, whether or not that is expected."""
        self._set_clocks(step)
        (kind,) = step.keys() & {"connect", "message", "look", "restart", "refused", "freeze"}
        said: Step = await getattr(self, f"_{kind}")(step)
        return said

    def _set_clocks(self, step: Step) -> None:
        boot = step.get("boot", self._boot)
        self._wall = step.get("wall", self._wall + boot - self._boot)
        while "freeze" not in step and self._boot + TICK < boot:
            self._boot += TICK
            self._watchdog.look()
        self._boot = boot

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
        caller = RpcCaller(self._payloads, Tokens("a token"), Backoff())
        outbox = Outbox(ServiceClient(caller), persistence, self._state, timeout=1, backoff=Backoff())
        acknowledger = Acknowledger(caller, "laptop", interval=1, timeout=1)
        self._receiver = Receiver(
            opening,
            caller,
            self._state,
            persistence,
            outbox,
            acknowledger,
            self._watchdog,
            timeout=1,
        )
        self._events = self._state.listen()

    async def _connect(self, step: Step) -> Step:
        async with self._watchdog.watching():
            self._frozen = False
        request = self._receiver.next_request()
        request.ClearField("endpoint_id")
        return {"connect": plain(request)}

    async def _message(self, step: Step) -> Step:
        self._payloads.present = step.get("payloads", {})
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
            **await self._look(step),
        }

    async def _look(self, step: Step) -> Step:
        return {"shown": [row.id for row in self._state.shown], "badge": self._state.badge}

    async def _restart(self, step: Step) -> Step:
        await self.start(self._opening)
        return {}

    async def _freeze(self, step: Step) -> Step:
        return {}

    async def _refused(self, step: Step) -> Step:
        self._receiver.on_disconnect(Unavailable(step["refused"]["reason"]), reset_position=True)
        return {}


def _ring(event: Event) -> list[Any]:
    return [event.notification.id, event.notification.alert_revision]
