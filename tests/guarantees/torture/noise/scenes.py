"""The scenes that a busy client plays: a fixed number of calls of one kind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

import grpc

from tests.support import tokens
from unisono.client import bearer, create_channel
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb
from unisono.v1.notification_service_pb2_grpc import NotificationServiceStub

#: The user of the app mail.test who is busy, or is sent much.
BUSY: Final = "busy"

#: How many sends go into a batch.
BATCH: Final = 1000

#: How long to wait after a refusal, in seconds.
_PAUSE: Final = 0.05

_NOTHING: Final = "a group that nothing has"
_LONG_IDS: Final = tuple(f"{number:03d}".ljust(200, "x") for number in range(100))


class BusyClient:
    """The calls of a busy client, as the app and as a device of its user."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.stub = NotificationServiceStub(channel)
        self.app = bearer(tokens.publisher())
        self.device = bearer(tokens.device(BUSY))

    async def batch(self, requests: Sequence[pb.SendNotificationRequest]) -> None:
        """Send a batch; items that the service refuses are ignored."""
        batch = pb.BatchSendNotificationsRequest(requests=requests)
        await self.stub.BatchSendNotifications(batch, metadata=self.app)

    async def fill(self, notifications: int) -> None:
        """Send so many notifications to the busy user."""
        for start in range(0, notifications, BATCH):
            here = min(BATCH, notifications - start)
            await self.batch([send(BUSY) for _ in range(here)])

    async def mark_all(self, read: bool, endpoint_id: str = "") -> None:
        """Mark all notifications of the busy user as read or unread, as a device if one is named."""
        state = notification_pb2.READ_STATE_READ if read else notification_pb2.READ_STATE_UNREAD
        request = pb.MarkNotificationsRequest(
            user_id=BUSY, endpoint_id=endpoint_id, read_state=state, all=pb.AllNotifications()
        )
        await self.stub.MarkNotifications(request, metadata=self.device if endpoint_id else self.app)


Step = Callable[[BusyClient, int], Awaitable[None]]
"""Makes the call of this number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A scene: `before` notifications at the beginning, then `steps` calls, `concurrency` of them at once."""

    before: int
    concurrency: int
    steps: int
    step: Step


def send(user_id: str, **more: object) -> pb.SendNotificationRequest:
    """Return a request to send a small notification."""
    content = notification_pb2.Payload(visual_content=notification_pb2.VisualContent(title="Hello"))
    return pb.SendNotificationRequest(user_id=user_id, payload=content, **more)  # type: ignore[arg-type]


async def _mark_as_device(concurrency: int, service: BusyClient, number: int) -> None:
    """Mark all as a device; calls at the same time ask for the same state."""
    await service.mark_all(number // concurrency % 2 == 0, "laptop")


async def _mark_as_app(service: BusyClient, number: int) -> None:
    await service.mark_all(number % 2 == 0)


async def _batch(service: BusyClient, number: int) -> None:
    await service.batch([send(f"user-{n}") for n in range(BATCH)])


async def _one_key(service: BusyClient, number: int) -> None:
    """Send with one key again and again, for other devices each time."""
    policies = [
        notification_pb2.TargetPolicy(platforms=[platform])
        for platform in (notification_pb2.DEVICE_PLATFORM_ANDROID, notification_pb2.DEVICE_PLATFORM_IOS)
    ]
    replace = pb.CONFLICT_POLICY_REPLACE
    await service.batch(
        [
            send(
                BUSY,
                app_notification_id="status",
                group_name=f"{number}-{n}",
                target_policy=policies[n % 2],
                on_conflict=replace,
            )
            for n in range(BATCH)
        ]
    )


async def _targets(service: BusyClient, number: int) -> None:
    """Send notifications that are each meant for other devices, with long ids."""
    policies = [
        notification_pb2.TargetPolicy(endpoint_ids=[f"{number}-{n}-{id_}" for id_ in _LONG_IDS])
        for n in range(50)
    ]
    await service.batch([send(BUSY, target_policy=policy) for policy in policies])


async def _list_nothing(service: BusyClient, number: int) -> None:
    request = pb.ListNotificationsRequest(user_id=BUSY, group_name=_NOTHING)
    await service.stub.ListNotifications(request, metadata=service.app)


def _marks(concurrency: int, steps: int) -> Scene:
    return Scene(before=500, concurrency=concurrency, steps=steps, step=partial(_mark_as_device, concurrency))


def _lists(concurrency: int, steps: int) -> Scene:
    return Scene(before=9_500, concurrency=concurrency, steps=steps, step=_list_nothing)


SCENES: Final = {
    "10 marks of 500": _marks(10, 200),
    "100 marks of 500": _marks(100, 200),
    "1,000 marks of 500": _marks(1000, 1000),
    "one key, replaced": Scene(before=0, concurrency=1, steps=8, step=_one_key),
    "3,000 target policies": Scene(before=0, concurrency=1, steps=60, step=_targets),
    "4 batches of 1,000": Scene(before=0, concurrency=4, steps=32, step=_batch),
    "14 batches of 1,000": Scene(before=0, concurrency=14, steps=42, step=_batch),
    "4 lists of nothing": _lists(4, 800),
    "200 lists of nothing": _lists(200, 800),
    "9,000 are marked": Scene(before=9_000, concurrency=1, steps=8, step=_mark_as_app),
}


@asynccontextmanager
async def service(address: str) -> AsyncIterator[BusyClient]:
    """Yield a busy client of a server."""
    channel = create_channel(address)
    try:
        yield BusyClient(channel)
    finally:
        await channel.close()


async def play(scene: Scene, service: BusyClient, numbers: Iterator[int]) -> None:
    """Play the steps of a scene with the next numbers."""
    steps = islice(numbers, scene.steps)
    await asyncio.gather(*(_go_on(scene.step, service, steps) for _ in range(scene.concurrency)))


async def _go_on(step: Step, service: BusyClient, numbers: Iterator[int]) -> None:
    """Make one step after the other, and retry those that are refused."""
    for number in numbers:
        while not await _done(step(service, number)):
            await asyncio.sleep(_PAUSE)


async def _done(step: Awaitable[None]) -> bool:
    try:
        await step
    except grpc.aio.AioRpcError as error:
        if error.code() not in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE):
            raise
        return False
    return True
