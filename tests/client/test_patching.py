"""Content is changed by who created it, for everybody at once; what is withdrawn is gone for all."""

from datetime import timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.support.services import Service
from unisono.client import (
    Device,
    Key,
    NotFound,
    PermissionDenied,
    Priority,
    Publisher,
    ReadState,
    RevisionMismatch,
    draft,
)
from unisono.client._wire.methods import DELETE, SEND, UPDATE
from unisono.v1 import notification_service_pb2 as pb


async def test_what_is_named_changes_and_nothing_else(service: Service, publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One", body="b", group_name="g", priority=Priority.LOW)
    await publisher.mark("ada", sent, read_state=ReadState.READ)
    expire_time = service.now + timedelta(days=2)
    row = await publisher.update(
        "ada", sent, priority=Priority.HIGH, display_time_to_live=timedelta(hours=1), expire_time=expire_time
    )
    assert (row.priority, row.display_time_to_live) == (Priority.HIGH, timedelta(hours=1))
    assert (row.title, row.body, row.group_name) == ("One", "b", "g")
    assert (row.expire_time, row.read_state) == (expire_time, ReadState.READ)
    assert row == await publisher.get("ada", sent)


async def test_new_content_rings_and_leaves_the_state(publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One", body="b")
    await publisher.mark("ada", sent, read_state=ReadState.READ)
    row = await publisher.update("ada", sent, title="Two")
    assert (row.title, row.body, row.read_state) == ("Two", "", ReadState.READ)
    assert (row.revision, row.alert_revision) == (3, 3)


async def test_silent_content_does_not_ring(publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One")
    row = await publisher.update("ada", sent, title="Two", silent=True)
    assert (row.revision, row.alert_revision) == (2, 1)


async def test_what_is_around_the_content_does_not_ring(publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One")
    row = await publisher.update("ada", sent, group_name="g")
    assert (row.revision, row.alert_revision) == (2, 1)
    row = await publisher.update("ada", sent, category="c")
    assert (row.category, row.revision, row.alert_revision) == ("c", 3, 1)


async def test_what_can_be_cleared_is_cleared(service: Service, publisher: Publisher) -> None:
    sent = await publisher.send(
        "ada",
        title="One",
        group_name="g",
        category="c",
        priority=Priority.LOW,
        display_time_to_live=timedelta(hours=1),
        expire_time=service.now + timedelta(days=1),
    )
    row = await publisher.update(
        "ada", sent, group_name=None, category=None, priority=None, display_time_to_live=None
    )
    assert (row.group_name, row.category, row.priority) == ("", "", Priority.UNSPECIFIED)
    assert row.display_time_to_live is None
    assert row.expire_time == service.now + timedelta(days=1)
    request = pb.UpdateNotificationRequest(user_id="ada", update_mask=FieldMask(paths=["expire_time"]))
    request.notification.id = sent.id
    answer = await service.transport.unary(UPDATE, request, token=service.app_token(), timeout=20)
    assert answer.notification.expire_time.ToDatetime(service.now.tzinfo) == service.now + timedelta(days=7)


async def test_a_patch_that_changes_nothing_makes_no_change(publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One", group_name="g")
    row = await publisher.update("ada", sent, title="One", group_name="g", expected_revision=7)
    assert row.revision == 1
    assert (await publisher.get_feed("ada")).last_revision == 1


async def test_a_patch_can_expect_a_revision(publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One")
    with pytest.raises(RevisionMismatch) as raised:
        await publisher.update("ada", sent, title="Two", expected_revision=7)
    assert (raised.value.code.name, raised.value.reason) == ("ABORTED", "REVISION_MISMATCH")
    assert raised.value.metadata == {"revision": "1"}
    assert (await publisher.update("ada", sent, title="Two", expected_revision=1)).revision == 2


async def test_only_the_role_that_created_it_changes_its_content(
    service: Service, publisher: Publisher
) -> None:
    theirs = await publisher.send("ada", title="From the app")
    request = pb.UpdateNotificationRequest(
        endpoint_id="laptop",
        content=pb.NotificationContent(group_name="g"),
        update_mask=FieldMask(paths=["group_name"]),
    )
    request.notification.id = theirs.id
    with pytest.raises(PermissionDenied) as raised:
        await service.transport.unary(UPDATE, request, token=service.user_token(), timeout=20)
    assert (raised.value.reason, raised.value.metadata) == ("NOT_CREATOR", {"creator": "publisher"})

    note = draft("", title="From Ada", endpoint_id="laptop")
    own = (await service.transport.unary(SEND, note, token=service.user_token(), timeout=20)).result
    with pytest.raises(PermissionDenied) as raised:
        await publisher.update("ada", own.id, group_name="g")
    assert raised.value.metadata == {"creator": "user"}
    request.notification.id = own.id
    answer = await service.transport.unary(UPDATE, request, token=service.user_token(), timeout=20)
    assert answer.notification.group_name == "g"


async def test_what_is_gone_cannot_be_changed(publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One", app_notification_id="a")
    await publisher.delete("ada", sent)
    for named in (sent.id, Key("a"), "never was"):
        with pytest.raises(NotFound) as raised:
            await publisher.update("ada", named, title="Two")
        assert raised.value.reason == "NOTIFICATION_NOT_FOUND"


async def test_it_is_withdrawn_once(publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One", app_notification_id="a")
    first = await publisher.delete("ada", Key("a"))
    again = await publisher.delete("ada", sent, expected_revision=99)
    assert (first.revision, first.already_removed) == (2, False)
    assert (again.revision, again.already_removed) == (2, True)
    with pytest.raises(NotFound):
        await publisher.get("ada", sent)
    with pytest.raises(NotFound):
        await publisher.delete("ada", "never was")


async def test_it_is_withdrawn_only_at_the_expected_revision(publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One")
    with pytest.raises(RevisionMismatch) as raised:
        await publisher.delete("ada", sent, expected_revision=2)
    assert raised.value.metadata == {"revision": "1"}
    assert (await publisher.delete("ada", sent, expected_revision=1)).revision == 2


async def test_a_device_withdraws_what_the_app_sent(publisher: Publisher, laptop: Device) -> None:
    sent = await publisher.send("ada", title="One")
    await laptop.wait_for(lambda laptop: len(laptop.notifications) == 1)
    assert (await laptop.delete(sent)).revision == 2
    await laptop.wait_for(lambda laptop: not laptop.notifications)


async def test_nobody_learns_of_what_is_of_another_user(service: Service, publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One")
    with pytest.raises(NotFound) as raised:
        await publisher.get("bob", sent)
    assert raised.value.reason == "NOTIFICATION_NOT_FOUND"
    request = pb.DeleteNotificationRequest(endpoint_id="laptop")
    request.notification.id = sent.id
    with pytest.raises(NotFound):
        await service.transport.unary(DELETE, request, token=service.user_token("bob"), timeout=20)


async def test_by_its_key_what_is_live_and_of_the_own_role_is_meant(
    service: Service, publisher: Publisher
) -> None:
    theirs = await publisher.send("ada", title="From the app", app_notification_id="a")
    note = draft("", title="From Ada", app_notification_id="a", endpoint_id="laptop")
    own = (await service.transport.unary(SEND, note, token=service.user_token(), timeout=20)).result
    assert (await publisher.get("ada", Key("a"))).id == theirs.id
    await publisher.delete("ada", theirs)
    assert (await publisher.get("ada", Key("a"))).id == own.id
    assert (await publisher.delete("ada", Key("a"))).revision == 4
