"""Messages and streams for scripted servers, and helpers to wait for states of devices."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from tests.sdk.backoffs import HASTY
from tests.support.processes import TIMEOUT
from unisono.client import Backoff, Device, Event, Events, Platform, Status, Transport
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2

TOKEN = "a token"

Message = pb.SubscribeResponse


def at(revision: int, *, complete: bool = True, token: bytes = b"", **said: Any) -> Message:
    """Return a message with the position of this revision."""
    name = token or f"token-{revision}".encode()
    return Message(resume_token=name, revision=revision, complete=complete, unread_count=revision, **said)


def welcome(
    *,
    resumed: bool = False,
    heartbeat: float = 30.0,
    token: bytes = b"token-0",
    server_time: Timestamp | None = None,
    feed_epoch: bytes = b"",
) -> Message:
    interval = Duration(nanos=round(heartbeat * 1e9) % 10**9, seconds=int(heartbeat))
    opening = pb.Welcome(
        resumed=resumed, heartbeat_interval=interval, server_time=server_time, feed_epoch=feed_epoch
    )
    return at(0, complete=False, token=token, welcome=opening)


def synced(revision: int = 0) -> Message:
    return at(revision, synced=pb.Synced())


def heartbeat(revision: int) -> Message:
    return at(revision, heartbeat=pb.Heartbeat())


def created(revision: int, *, alert: bool = True) -> Message:
    """Return a complete batch with a new notification, whose id and title have the revision."""
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


#: Ends a scripted stream with OK.
END = Message()


def scripted_streams(
    *streams: Sequence[Message | Exception],
) -> Callable[[pb.SubscribeRequest], AsyncIterator[Message]]:
    """Return a behavior that serves one stream after the other, and then the last again and again.

    A stream ends with its exception or `END`; without, it stays open after its last message.
    """
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
    """Return a device that reconnects quickly, not opened yet."""
    options = {"timing": HASTY, "endpoint_id": "laptop", "platform": Platform.LINUX, **options}
    return Device(target, token, **options)


async def until(device: Device, condition: Callable[[Device], object]) -> None:
    """Wait for a condition. Raises `TimeoutError` when it is not met in `TIMEOUT` seconds."""
    async with asyncio.timeout(TIMEOUT):
        await device.wait_for(lambda device: bool(condition(device)))


async def live(device: Device) -> None:
    await until(device, lambda device: device.status is Status.LIVE)


async def sent(device: Device) -> None:
    """Wait until the server has answered all marks."""
    await until(device, lambda device: not device.pending_marks)


async def ended(device: Device) -> Exception:
    """Wait for the error that ends the device, and return it; fails when the device goes on."""
    try:
        await until(device, lambda _: False)
    except TimeoutError as never:
        raise AssertionError("it goes on") from never
    except Exception as error:
        return error
    raise AssertionError("it goes on")


class RecordedEvents:
    """Collects the events of a device from now on."""

    def __init__(self, device: Device) -> None:
        self.events: list[Event] = []
        self._task = asyncio.create_task(self._listen(device.events()))

    @property
    def rings(self) -> list[str]:
        """Return the titles of the notifications that rang, in order."""
        return [event.notification.title for event in self.events if event.ring]

    async def end(self) -> None:
        """Wait until the device is closed, and all events are collected. Raises what ended the device."""
        async with asyncio.timeout(TIMEOUT):
            await self._task

    async def _listen(self, events: Events) -> None:
        async for event in events:
            self.events.append(event)


class BackoffSpy(Backoff):
    """A backoff of a millisecond. `asked` has the numbers of failures in a row that it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "asked", [])

    asked: list[int]

    def delay(self, failures: int) -> float:
        self.asked.append(failures)
        return 0.001
