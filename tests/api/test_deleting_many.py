"""DeleteNotifications: several, a group or all are withdrawn at once, or those of them in a given state."""

from typing import Any

import pytest

from tests.support.api_client import (
    ALL,
    DISMISSED,
    NO_INTERACTION,
    READ,
    UNREAD,
    ApiClient,
    by_key,
    titled,
)
from tests.support.devices import Device
from tests.support.nodes import Running
from tests.support.rpc_errors import raises_status
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb

LINUX_ONLY = {"platforms": [pb.DEVICE_PLATFORM_LINUX]}
WINDOWS_ONLY = {"platforms": [pb.DEVICE_PLATFORM_WINDOWS]}


async def live(caller: ApiClient) -> list[str]:
    """The ids of all that is in the feed, oldest first."""
    return [row.id for row in reversed((await caller.history(page_size=500)).notifications)]


@pytest.mark.parametrize("by", ["id", "key", "group", "all"])
async def test_each_selector_deletes(publisher: ApiClient, by: str) -> None:
    result = await publisher.send(app_notification_id="key", group_name="group")
    selectors: dict[str, dict[str, Any]] = {
        "id": {"references": {"refs": [{"id": result.id}]}},
        "key": {"references": by_key("key")},
        "group": {"group_name": "group"},
        "all": {"all": ALL},
    }
    deleted = await publisher.delete_many(**selectors[by])
    assert (deleted.removed, deleted.already_removed, deleted.skipped) == (1, 0, 0)
    assert (deleted.last_revision, deleted.unread_count) == (2, 0)
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
        await publisher.get(result.id)
    assert (await publisher.delete(result.id)).revision == 2


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ({"read_state": READ}, [0, 2]),
        ({"read_state": UNREAD}, [1, 3]),
        ({"user_action_state": DISMISSED}, [0, 1]),
        ({"user_action_state": NO_INTERACTION}, [2, 3]),
        ({"read_state": READ, "user_action_state": DISMISSED}, [0, 1, 2]),
    ],
    ids=str,
)
@pytest.mark.parametrize("by", ["id", "group", "all"])
async def test_only_what_is_in_the_state_is_deleted(
    publisher: ApiClient, by: str, where: dict[str, Any], left: list[int]
) -> None:
    """The second and the fourth are read, the last two dismissed."""
    ids = [(await publisher.send(group_name="group")).id for _ in range(4)]
    await publisher.mark(ids[1], ids[3], read_state=READ)
    await publisher.mark(*ids[2:], user_action_state=DISMISSED)
    selectors: dict[str, dict[str, Any]] = {
        "id": {"references": {"refs": [{"id": id_} for id_ in ids]}},
        "group": {"group_name": "group"},
        "all": {"all": ALL},
    }
    deleted = await publisher.delete_many(**selectors[by], **where)
    assert (deleted.removed, deleted.already_removed, deleted.skipped) == (4 - len(left), 0, 0)
    assert list(deleted.not_found) == []
    assert await live(publisher) == [ids[place] for place in left]


async def test_what_is_gone_is_told_from_what_never_was(publisher: ApiClient) -> None:
    one, gone = await publisher.send(), await publisher.send(app_notification_id="gone")
    await publisher.delete(gone.id)
    refs = [{"id": "never"}, {"id": one.id}, {"app_notification_id": "gone"}, {"id": gone.id}, {"id": one.id}]
    deleted = await publisher.delete_many(references={"refs": refs})
    assert (deleted.removed, deleted.already_removed) == (1, 1)
    assert list(deleted.not_found) == [pb.NotificationRef(id="never")]


async def test_repeating_it_changes_nothing_and_is_good(publisher: ApiClient) -> None:
    ids = [(await publisher.send()).id for _ in range(3)]
    for removed, already in ((3, 0), (0, 3)):
        deleted = await publisher.delete_many(*ids)
        assert (deleted.removed, deleted.already_removed, deleted.last_revision) == (removed, already, 6)


async def test_references_to_what_never_was_are_not_found(publisher: ApiClient) -> None:
    await publisher.send()
    for ids in (["never"], ["never", "ever"]):
        with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
            await publisher.delete_many(*ids)
    assert (await publisher.feed()).last_revision == 1


@pytest.mark.parametrize("selector", [{"all": ALL}, {"group_name": "nobody"}], ids=["all", "group"])
async def test_a_selector_that_meets_nothing_is_good(publisher: ApiClient, selector: dict[str, Any]) -> None:
    deleted = await publisher.delete_many(**selector)
    assert (deleted.removed, deleted.already_removed, deleted.last_revision) == (0, 0, 0)


async def test_up_to_a_revision_what_is_newer_is_left_alone(publisher: ApiClient) -> None:
    ids = [(await publisher.send()).id for _ in range(4)]
    await publisher.update(ids[0], content={"payload": titled("Newer")})
    await publisher.update(ids[1], content={"payload": titled("Newer")}, silent=True)
    await publisher.mark(ids[2], read_state=READ)
    deleted = await publisher.delete_many(all=ALL, up_to_revision=3)
    assert (deleted.removed, deleted.skipped, deleted.unread_count) == (1, 3, 3)
    deleted = await publisher.delete_many(*ids, up_to_revision=5)
    assert (deleted.removed, deleted.already_removed, deleted.skipped) == (2, 1, 1)
    assert await live(publisher) == [ids[1]]


async def send_to_each(publisher: ApiClient) -> list[str]:
    """Three notifications, the last of which is not meant for the phone."""
    targets = (None, LINUX_ONLY, WINDOWS_ONLY)
    return [(await publisher.send(target_policy=one, group_name="group")).id for one in targets]


async def test_a_device_deletes_all_that_is_meant_for_it(publisher: ApiClient, phone: ApiClient) -> None:
    ids = await send_to_each(publisher)
    deleted = await phone.delete_many(all=ALL)
    assert (deleted.removed, deleted.last_revision, deleted.unread_count) == (2, 5, 0)
    assert await live(publisher) == ids[2:]
    assert (await publisher.feed()).unread_count == 1


async def test_a_device_deletes_a_whole_group_as_it_marks_one(publisher: ApiClient, phone: ApiClient) -> None:
    await send_to_each(publisher)
    assert (await phone.delete_many(group_name="group")).removed == 3


async def test_the_unread_count_is_the_endpoints_own(publisher: ApiClient, phone: ApiClient) -> None:
    ids = await send_to_each(publisher)
    assert (await phone.delete_many(ids[0])).unread_count == 1
    assert (await publisher.delete_many(ids[1])).unread_count == 1


async def test_an_endpoint_that_is_not_registered_deletes_nothing(
    publisher: ApiClient, phone: ApiClient
) -> None:
    await publisher.send()
    with raises_status("NOT_FOUND", "ENDPOINT_NOT_FOUND"):
        await phone.delete_many(all=ALL, endpoint_id="nobody")
    await phone.remove()
    with raises_status("FAILED_PRECONDITION", "ENDPOINT_DELETED"):
        await phone.delete_many(all=ALL)
    assert (await publisher.feed()).unread_count == 1


async def test_nobody_elses_are_deleted(serving: Running, publisher: ApiClient, user_id: str) -> None:
    other_user = ApiClient(serving.publisher, user_id=f"not-{user_id}")
    mine, others = await publisher.send(), await other_user.send()
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
        await publisher.delete_many(others.id)
    deleted = await publisher.delete_many(mine.id, others.id)
    assert (deleted.removed, [ref.id for ref in deleted.not_found]) == (1, [others.id])
    assert (await publisher.delete_many(all=ALL)).removed == 0
    assert await live(other_user) == [others.id]


async def test_a_key_that_both_roles_used_names_the_callers_own(
    publisher: ApiClient, phone: ApiClient
) -> None:
    for caller in (publisher, phone):
        await caller.send(app_notification_id="both")
    await phone.delete_many(references=by_key("both"))
    (row,) = (await publisher.history()).notifications
    assert row.sender_role == pb.SENDER_ROLE_PUBLISHER


async def test_what_was_deleted_is_not_sent_again_by_a_late_retry(publisher: ApiClient) -> None:
    sent = await publisher.send(app_notification_id="key")
    await publisher.delete_many(all=ALL)
    again = await publisher.send(app_notification_id="key")
    assert (again.id, again.deduplicated, again.removed) == (sent.id, True, True)


async def test_1200_are_deleted_in_steps_on_every_device(publisher: ApiClient, phone: ApiClient) -> None:
    for _ in range(2):
        await publisher.send_all(*[publisher.new(group_name="group")] * 600)
    device = await Device(phone.client, "laptop").connect()
    deleted = await phone.delete_many(group_name="group")
    assert (deleted.removed, deleted.skipped) == (1200, 0)
    assert (deleted.last_revision, deleted.unread_count) == (2400, 0)
    held = await device.at(2400)
    await device.disconnect()
    assert held.notifications == {}


async def test_other_devices_see_who_deleted_each(phone: ApiClient) -> None:
    ids = [(await phone.send()).id for _ in range(2)]
    device = await Device(phone.client, "laptop").connect()
    await phone.delete_many(*ids)
    held = await device.at(4)
    await device.disconnect()
    events = [event for message in held.messages for event in message.event_batch.events if event.removed]
    assert [(event.notification_id, event.revision) for event in events] == list(
        zip(ids, (3, 4), strict=True)
    )
    assert {(event.change_type, event.origin_endpoint_id) for event in events} == {
        (feed_pb.CHANGE_TYPE_DELETED, "phone")
    }
    assert (held.notifications, held.unread_count) == ({}, 0)
