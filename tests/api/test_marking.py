"""MarkNotifications: the state of one, several or all, on every device at once."""

from typing import Any

import pytest

from tests.support.api_client import (
    ACTIVATED,
    ALL,
    DISMISSED,
    NO_INTERACTION,
    READ,
    SNOOZED,
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

#: Every state that one patch can ask for, and whether a badge still counts it then.
STATES: list[tuple[dict[str, Any], bool]] = [
    ({"read_state": READ}, False),
    ({"user_action_state": ACTIVATED}, True),
    ({"user_action_state": DISMISSED}, False),
    ({"user_action_state": SNOOZED}, False),
    ({"read_state": READ, "user_action_state": DISMISSED}, False),
    ({"read_state": READ, "user_action_state": NO_INTERACTION}, False),
]
every_state = pytest.mark.parametrize(("state", "counts"), STATES)


@every_state
@pytest.mark.parametrize("by", ["id", "key", "group", "all"])
async def test_each_selector_marks_with_each_state(
    publisher: ApiClient, by: str, state: dict[str, Any], counts: bool
) -> None:
    result = await publisher.send(app_notification_id="key", group_name="group")
    selectors: dict[str, dict[str, Any]] = {
        "id": {"references": {"refs": [{"id": result.id}]}},
        "key": {"references": by_key("key")},
        "group": {"group_name": "group"},
        "all": {"all": ALL},
    }
    marked = await publisher.mark(**selectors[by], **state)
    assert (marked.changed, marked.skipped, marked.last_revision) == (1, 0, 2)
    assert marked.unread_count == counts
    row = await publisher.get(result.id)
    assert {name: getattr(row, name) for name in state} == state
    assert (row.revision, row.alert_revision) == (2, 1)
    assert row.payload == titled("Hello")


@every_state
async def test_every_state_can_be_taken_back(
    publisher: ApiClient, state: dict[str, Any], counts: bool
) -> None:
    result = await publisher.send()
    await publisher.mark(result.id, **state)
    marked = await publisher.mark(result.id, read_state=UNREAD, user_action_state=NO_INTERACTION)
    assert (marked.changed, marked.last_revision, marked.unread_count) == (1, 3, 1)


async def test_marking_again_changes_nothing(publisher: ApiClient) -> None:
    result = await publisher.send()
    for changed in (1, 0):
        marked = await publisher.mark(result.id, read_state=READ)
        assert (marked.changed, marked.skipped, marked.last_revision) == (changed, 0, 2)


async def test_one_state_leaves_the_other_as_it_is(publisher: ApiClient) -> None:
    result = await publisher.send()
    await publisher.mark(result.id, read_state=READ)
    await publisher.mark(result.id, user_action_state=ACTIVATED)
    row = await publisher.get(result.id)
    assert (row.read_state, row.user_action_state) == (READ, ACTIVATED)


async def test_several_are_marked_in_one_call_each_once(publisher: ApiClient) -> None:
    ids = [(await publisher.send(app_notification_id=f"{n}")).id for n in range(3)]
    refs = [{"id": ids[0]}, {"app_notification_id": "1"}, {"id": ids[0]}, {"app_notification_id": "0"}]
    marked = await publisher.mark(references={"refs": refs}, read_state=READ)
    assert (marked.changed, marked.last_revision, marked.unread_count) == (2, 5, 1)


async def test_references_to_nothing_are_listed_as_they_came(publisher: ApiClient) -> None:
    live, gone = await publisher.send(), await publisher.send(app_notification_id="gone")
    await publisher.delete(gone.id)
    refs = [{"id": "never"}, {"id": live.id}, {"app_notification_id": "gone"}, {"id": gone.id}]
    marked = await publisher.mark(references={"refs": refs}, read_state=READ)
    assert marked.changed == 1
    assert list(marked.not_found) == [pb.NotificationRef(**refs[place]) for place in (0, 2, 3)]


async def test_references_to_nothing_but_nothing_are_not_found(publisher: ApiClient) -> None:
    await publisher.send()
    for ids in (["never"], ["never", "ever"]):
        with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
            await publisher.mark(*ids, read_state=READ)


@pytest.mark.parametrize("selector", [{"all": ALL}, {"group_name": "nobody"}], ids=["all", "group"])
async def test_a_selector_that_meets_nothing_is_good(publisher: ApiClient, selector: dict[str, Any]) -> None:
    marked = await publisher.mark(**selector, read_state=READ)
    assert (marked.changed, marked.skipped, marked.last_revision) == (0, 0, 0)


async def test_a_group_is_marked_without_the_others(publisher: ApiClient) -> None:
    for group in ("mail", "chat", "", "Mail", "mail"):
        await publisher.send(group_name=group)
    marked = await publisher.mark(group_name="mail", user_action_state=DISMISSED)
    assert (marked.changed, marked.last_revision, marked.unread_count) == (2, 7, 3)


async def test_up_to_a_revision_what_is_newer_is_left_alone(publisher: ApiClient) -> None:
    ids = [(await publisher.send()).id for _ in range(4)]
    await publisher.update(ids[0], content={"payload": titled("Newer")})
    await publisher.update(ids[1], content={"payload": titled("Newer")}, silent=True)
    await publisher.update(ids[2], content={"group_name": "not newer"})
    marked = await publisher.mark(all=ALL, read_state=READ, up_to_revision=3)
    assert (marked.changed, marked.skipped, marked.unread_count) == (1, 3, 3)
    assert (await publisher.get(ids[2])).read_state == READ
    marked = await publisher.mark(*ids, read_state=READ, up_to_revision=5)
    assert (marked.changed, marked.skipped, marked.unread_count) == (2, 1, 1)


async def test_what_is_already_as_asked_is_not_skipped(publisher: ApiClient) -> None:
    result = await publisher.send()
    await publisher.mark(result.id, read_state=READ)
    marked = await publisher.mark(all=ALL, read_state=READ, up_to_revision=0)
    assert (marked.changed, marked.skipped) == (0, 0)


async def test_a_mark_of_one_may_be_a_compare_and_set(publisher: ApiClient) -> None:
    result = await publisher.send()
    for wrong in (0, 2):
        with raises_status("ABORTED", "REVISION_MISMATCH") as failure:
            await publisher.mark(result.id, read_state=READ, expected_revision=wrong)
        assert failure.metadata == {"revision": "1"}
    assert (await publisher.mark(result.id, read_state=READ, expected_revision=1)).changed == 1


async def test_a_compare_and_set_is_good_when_it_is_already_as_asked(publisher: ApiClient) -> None:
    result = await publisher.send()
    await publisher.mark(result.id, read_state=READ)
    assert (await publisher.mark(result.id, read_state=READ, expected_revision=1)).changed == 0


async def test_a_key_that_both_roles_used_names_the_callers_own(
    publisher: ApiClient, phone: ApiClient
) -> None:
    for caller in (publisher, phone):
        await caller.send(app_notification_id="both")
    await phone.mark(references=by_key("both"), read_state=READ)
    assert (await phone.get(key="both")).read_state == READ
    assert (await publisher.get(key="both")).read_state == UNREAD


LINUX_ONLY = {"platforms": [pb.DEVICE_PLATFORM_LINUX]}
WINDOWS_ONLY = {"platforms": [pb.DEVICE_PLATFORM_WINDOWS]}
PHONE_ONLY = {"endpoint_ids": ["phone"]}
EITHER = {"platforms": [pb.DEVICE_PLATFORM_WINDOWS], "endpoint_ids": ["phone"]}


async def send_to_each(publisher: ApiClient) -> None:
    """Five notifications, one of which is not meant for the phone."""
    for target in (None, LINUX_ONLY, WINDOWS_ONLY, PHONE_ONLY, EITHER):
        await publisher.send(target_policy=target, group_name="group")


async def test_a_device_marks_all_that_is_meant_for_it(publisher: ApiClient, phone: ApiClient) -> None:
    await send_to_each(publisher)
    marked = await phone.mark(all=ALL, read_state=READ)
    assert (marked.changed, marked.last_revision, marked.unread_count) == (4, 9, 0)
    assert (await publisher.feed()).unread_count == 1


async def test_a_device_marks_a_whole_group(publisher: ApiClient, phone: ApiClient) -> None:
    await send_to_each(publisher)
    assert (await phone.mark(group_name="group", read_state=READ)).changed == 5


async def test_a_publisher_marks_all(publisher: ApiClient) -> None:
    await send_to_each(publisher)
    marked = await publisher.mark(all=ALL, read_state=READ)
    assert (marked.changed, marked.unread_count) == (5, 0)


async def test_the_unread_count_is_the_endpoints_own(publisher: ApiClient, phone: ApiClient) -> None:
    await send_to_each(publisher)
    result = await publisher.send()
    assert (await phone.mark(result.id, read_state=READ)).unread_count == 4
    assert (await publisher.mark(result.id, read_state=UNREAD)).unread_count == 6


async def test_an_endpoint_that_is_not_registered_marks_nothing(
    publisher: ApiClient, phone: ApiClient
) -> None:
    await publisher.send()
    with raises_status("NOT_FOUND", "ENDPOINT_NOT_FOUND"):
        await phone.mark(all=ALL, read_state=READ, endpoint_id="nobody")
    await phone.remove()
    with raises_status("FAILED_PRECONDITION", "ENDPOINT_DELETED"):
        await phone.mark(all=ALL, read_state=READ)
    assert (await publisher.feed()).unread_count == 1


async def test_1200_are_marked_in_steps_on_every_device(publisher: ApiClient, phone: ApiClient) -> None:
    for _ in range(2):
        await publisher.send_all(*[publisher.new(group_name="group")] * 600)
    device = await Device(phone.client, "laptop").connect()
    marked = await phone.mark(all=ALL, read_state=READ)
    assert (marked.changed, marked.skipped) == (1200, 0)
    assert (marked.last_revision, marked.unread_count) == (2400, 0)
    held = await device.at(2400)
    await device.disconnect()
    assert {row.read_state for row in held.notifications.values()} == {READ}
    assert len(held.notifications) == 1200
    marked = await phone.mark(group_name="group", read_state=READ, user_action_state=DISMISSED)
    assert (marked.changed, marked.last_revision) == (1200, 3600)


async def test_other_devices_see_the_mark_without_a_ring(serving: Running, phone: ApiClient) -> None:
    result = await phone.send()
    device = await Device(phone.client, "laptop").connect()
    await phone.mark(result.id, read_state=READ)
    held = await device.at(2)
    await device.disconnect()
    (event,) = held.messages[-1].event_batch.events
    assert event.change_type == feed_pb.CHANGE_TYPE_STATE_CHANGED
    assert (event.alert, event.origin_endpoint_id) == (False, "phone")
    assert not event.notification.HasField("payload")
    assert held.notifications[result.id].payload == titled("Hello")
    assert held.unread_count == 0
