"""Helpers for tests of marks that are made offline."""

from datetime import timedelta
from typing import Any

import grpc

from tests.sdk.device_script import (
    LIVE,
    Message,
    at,
    created,
    laptop,
    scripted_streams,
    until,
    welcome,
)
from tests.sdk.storage_spy import StorageSpy
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    Device,
    Everything,
    Publisher,
    ReadState,
    UserActionState,
)
from unisono.client.testing import FakeService
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb

NOWHERE = "127.0.0.1:1"
READ, DISMISSED = ReadState.READ, UserActionState.DISMISSED
HOUR = timedelta(hours=1)


Backend = tuple[FakeService, Publisher]


async def stored_offline(backend: Backend, storage: Any, titles: str = "abc") -> str:
    """Let a laptop hold a notification for each letter, in a group of its own; return its user's token."""
    service, publisher = backend
    for title in titles:
        await publisher.send("ada", title=title, app_notification_id=title, group_name=f"group {title}")
    token = service.user_token("ada")
    async with laptop(service.transport, token, storage=storage) as device:
        await until(device, lambda device: len(device.notifications) >= len(titles))
    return token


def states(device: Device) -> dict[str, tuple[ReadState, UserActionState]]:
    return {row.title: (row.read_state, row.user_action_state) for row in device.notifications}


async def busy(_: object) -> pb.MarkNotificationsResponse:
    raise Fault(grpc.StatusCode.INTERNAL)


async def dismissed_offline(script: StubServer, storage: StorageSpy, revision: int) -> str:
    """Let a laptop hold a notification of this revision, and dismiss it offline; return its id."""
    script.stream("Subscribe", scripted_streams([*LIVE, created(revision)]))
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == revision)
    async with laptop(NOWHERE, storage=storage) as device:
        await device.dismiss(Everything())
        return device.notifications[0].id


def renewed(id_: str, revision: int, *, alert_revision: int) -> Message:
    """New content of a notification; silently, where the alert is older."""
    message = created(revision, alert=alert_revision == revision)
    (event,) = message.event_batch.events
    event.notification_id = event.notification.id = id_
    event.notification.alert_revision = alert_revision
    event.change_type = feed_pb.CHANGE_TYPE_UPDATED
    return message


async def answering(script: StubServer, revision: int) -> None:
    async def answer(_: object) -> pb.MarkNotificationsResponse:
        return pb.MarkNotificationsResponse(changed=1, last_revision=revision)

    script.answer("MarkNotifications", answer)


async def many(script: StubServer, storage: StorageSpy, number: int) -> None:
    """Let a laptop hold many notifications, the first of which is read."""
    batch = at(number)
    for revision in range(1, number + 1):
        batch.event_batch.events.extend(created(revision, alert=False).event_batch.events)
    batch.event_batch.events[0].notification.read_state = notification_pb2.READ_STATE_READ
    script.stream("Subscribe", scripted_streams([welcome(), batch]))
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == number)
