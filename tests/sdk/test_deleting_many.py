"""Deleting many on a device: at once or not at all, and nothing that its user cannot have seen."""

from typing import Any

import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import LIVE, created, laptop, live, scripted_streams, until
from tests.sdk.storage_spy import StorageSpy
from tests.support.stub_server import StubServer
from unisono.client import (
    DeleteManyResult,
    Everything,
    Group,
    ReadState,
    Timing,
    Unavailable,
    UserActionState,
)
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def asked(script: StubServer) -> list[pb.DeleteNotificationsRequest]:
    """What the server was asked to delete."""
    found: list[pb.DeleteNotificationsRequest] = []

    async def delete(request: Any) -> pb.DeleteNotificationsResponse:
        found.append(request)
        gone = notification_pb2.NotificationRef(app_notification_id="k")
        return pb.DeleteNotificationsResponse(removed=1, last_revision=9, unread_count=4, not_found=[gone])

    script.answer("DeleteNotifications", delete)
    return found


async def test_it_means_what_the_device_has_seen(
    script: StubServer, asked: list[pb.DeleteNotificationsRequest]
) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(7)]))
    async with laptop(script.target) as device:
        await until(device, lambda device: device.revision == 7)
        result = await device.delete_many(
            Everything(), read_state=ReadState.READ, user_action_state=UserActionState.DISMISSED
        )
        await device.delete_many(["a", "b"])
        await device.delete_many(Group("g"), up_to_revision=3)

    assert result == DeleteManyResult(
        removed=1, already_removed=0, skipped=0, last_revision=9, unread_count=4, not_found=("k",)
    )
    named = [notification_pb2.NotificationRef(id=id_) for id_ in ("a", "b")]
    assert asked == [
        pb.DeleteNotificationsRequest(
            endpoint_id="laptop",
            all=pb.AllNotifications(),
            read_state=notification_pb2.READ_STATE_READ,
            user_action_state=notification_pb2.USER_ACTION_STATE_DISMISSED,
            up_to_revision=7,
        ),
        pb.DeleteNotificationsRequest(
            endpoint_id="laptop", references=pb.NotificationRefs(refs=named), up_to_revision=7
        ),
        pb.DeleteNotificationsRequest(endpoint_id="laptop", group_name="g", up_to_revision=3),
    ]


async def test_a_device_that_has_seen_nothing_means_what_it_names(
    script: StubServer, asked: list[pb.DeleteNotificationsRequest]
) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))
    async with laptop(script.target) as device:
        await live(device)
        await device.delete_many("a")
        await device.delete_many(Everything())

    by_name, everything = asked
    assert not by_name.HasField("up_to_revision")
    assert (everything.HasField("up_to_revision"), everything.up_to_revision) == (True, 0)


async def test_without_the_server_it_fails_and_nothing_is_kept(script: StubServer) -> None:
    storage = StorageSpy()
    timing = Timing(backoff=QUICK, call_timeout=0.1)
    async with laptop(NOWHERE, storage=storage, timing=timing) as device:
        with pytest.raises(Unavailable):
            await device.delete_many(Everything())
        assert device.pending_marks == 0
    assert storage.stored == {}
