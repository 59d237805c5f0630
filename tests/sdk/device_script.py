"""What a scripted server tells a device: the messages of a stream, and what a test looks at in a device."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from google.protobuf.duration_pb2 import Duration

from tests.sdk.backoffs import HASTY
from tests.support.processes import TIMEOUT
from unisono.client import Backoff, Device, Event, Events, Platform, Status, Transport
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2

TOKEN = "a token"

Message = pb.SubscribeResponse


def at(revision: int, *, complete: bool = True, token: bytes = b"", **said: Any) -> Message:
    """A message after which the device is at a revision."""
    name = token or f"token-{revision}".encode()
    return Message(resume_token=name, revision=revision, complete=complete, unread_count=revision, **said)


def welcome(*, resumed: bool = False, heartbeat: float = 30.0, token: bytes = b"token-0") -> Message:
    interval = Duration(nanos=round(heartbeat * 1e9) % 10**9, seconds=int(heartbeat))
    return at(
        0, complete=False, token=token, welcome=pb.Welcome(resumed=resumed, heartbeat_interval=interval)
    )


def synced(revision: int = 0) -> Message:
    return at(revision, synced=pb.Synced())


def heartbeat(revision: int) -> Message:
    return at(revision, heartbeat=pb.Heartbeat())


def created(revision: int, *, alert: bool = True) -> Message:
    """One notification is new, and its id and title say at which revision; complete."""
    row = notification_pb2.Notification(
        id=f"id-{revision}",
        payload={"visual_content": {"title": f"title {revision}"}},  # type: ignore[arg-type]
        read_state=notification_pb2.READ_STATE_UNREAD,
        revision=revision,
        alert_revision=revision,
    )
    event = pb.Event(
        notification_id=row.id,
        revision=revision,
        change_type=pb.CHANGE_TYPE_CREATED,
        notification=row,
        alert=alert,
    )
    return at(revision, event_batch=pb.EventBatch(events=[event]))


def goodbye(reason: int, delay: float | None = None, revision: int = 0) -> Message:
    said = pb.Goodbye(reason=reason)  # type: ignore[arg-type]  # also one that nobody knows
    if delay is not None:
        said.retry_delay.FromNanoseconds(round(delay * 1e9))
    return at(revision, goodbye=said)


#: A stream ends with OK.
END = Message()


def scripted_streams(
    *streams: Sequence[Message | Exception],
) -> Callable[[pb.SubscribeRequest], AsyncIterator[Message]]:
    """A stream after the other; each ends with its exception, or else stays open. The last is repeated."""
    left = list(streams)

    async def tell(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        for said in left.pop(0) if len(left) > 1 else left[0]:
            if said is END:
                return
            if isinstance(said, Exception):
                raise said
            yield said
        await asyncio.Event().wait()

    return tell


#: A stream that opens and is live, and then stays silent.
LIVE = (welcome(), synced())


def laptop(target: str | Transport, token: Any = TOKEN, **options: Any) -> Device:
    """A device that is quick to come back."""
    options = {"timing": HASTY, "endpoint_id": "laptop", "platform": Platform.LINUX, **options}
    return Device(target, token, **options)


async def until(device: Device, condition: Callable[[Device], object]) -> None:
    """Wait for a condition, and not for ever."""
    async with asyncio.timeout(TIMEOUT):
        await device.wait_for(lambda device: bool(condition(device)))


async def live(device: Device) -> None:
    await until(device, lambda device: device.status is Status.LIVE)


async def sent(device: Device) -> None:
    """Wait until the server has answered all marks."""
    await until(device, lambda device: not device.pending_marks)


async def ended(device: Device) -> Exception:
    """What ends the device for good."""
    try:
        await until(device, lambda _: False)
    except TimeoutError as never:
        raise AssertionError("it goes on") from never
    except Exception as error:
        return error
    raise AssertionError("it goes on")


class RecordedEvents:
    """All that a device tells from now on, as it comes."""

    def __init__(self, device: Device) -> None:
        self.events: list[Event] = []
        self._task = asyncio.create_task(self._listen(device.events()))

    @property
    def rings(self) -> list[str]:
        """The titles of what rang."""
        return [event.notification.title for event in self.events if event.ring]

    async def end(self) -> None:
        """Wait until the device is closed, and all is told. Raises what ended the device."""
        async with asyncio.timeout(TIMEOUT):
            await self._task

    async def _listen(self, events: Events) -> None:
        async for event in events:
            self.events.append(event)


class BackoffSpy(Backoff):
    """Hardly waits, and notes after how many failures in a row it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "asked", [])

    asked: list[int]

    def delay(self, failures: int) -> float:
        self.asked.append(failures)
        return 0.001
