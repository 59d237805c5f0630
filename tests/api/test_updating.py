"""UpdateNotification: patches of content by a mask, which ring or do not, and only by its creator."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration

from tests.support.api_client import DISMISSED, READ, ApiClient, time_of, titled
from tests.support.clocks import FakeClock
from tests.support.devices import Device
from tests.support.nodes import Running
from tests.support.rpc_errors import raises_status
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb

WEEK = 7 * 24 * 3600 * 1000
EVERY_PATH = ["payload", "group_name", "category", "priority", "display_time_to_live", "expire_time"]


@pytest_asyncio.fixture(loop_scope="module")
async def device(serving: Running, user_id: str) -> AsyncIterator[Device]:
    """A device of the test's user that holds a stream."""
    device = await Device(serving.user(user_id), "laptop").connect()
    yield device
    await device.disconnect()


async def sent(backend: ApiClient, clock: FakeClock) -> pb.Notification:
    """A notification in which every field is set."""
    result = await backend.send(
        payload=titled("Before"),
        group_name="before",
        category="before",
        priority=pb.PRIORITY_LOW,
        display_time_to_live=Duration(seconds=1),
        expire_time=time_of(clock.now() + 60_000),
    )
    return await backend.get(result.id)


#: New values, by path.
VALUES: dict[str, Any] = {
    "payload": pb.Payload(raw_content=b"after"),
    "group_name": "after",
    "category": "after",
    "priority": pb.PRIORITY_HIGH,
    "display_time_to_live": Duration(seconds=2),
    "expire_time": time_of(1_800_086_400_000),
}


@pytest.mark.parametrize("path", EVERY_PATH)
async def test_a_patch_changes_what_its_mask_names_and_nothing_else(
    backend: ApiClient, clock: FakeClock, path: str
) -> None:
    before = await sent(backend, clock)
    clock.advance(1)
    after = await backend.update(before.id, content=VALUES, update_mask={"paths": [path]})
    wanted = pb.Notification()
    wanted.CopyFrom(before)
    wanted.ClearField(path)  # type: ignore[arg-type]
    wanted.MergeFrom(pb.Notification(**{path: VALUES[path]}))
    wanted.revision, wanted.update_time.seconds = 2, before.update_time.seconds + 1
    if path == "payload":
        wanted.alert_revision = 2
        wanted.alert_time.CopyFrom(wanted.update_time)
    assert after == wanted == await backend.get(before.id)


async def test_a_patch_may_change_everything_at_once(backend: ApiClient, clock: FakeClock) -> None:
    before = await sent(backend, clock)
    after = await backend.update(before.id, content=VALUES)
    assert after.revision == 2
    assert {path: getattr(after, path) for path in EVERY_PATH} == VALUES


@pytest.mark.parametrize("path", ["group_name", "category", "priority", "display_time_to_live"])
async def test_an_absent_value_clears_what_the_mask_names(
    backend: ApiClient, clock: FakeClock, path: str
) -> None:
    before = await sent(backend, clock)
    after = await backend.update(before.id, update_mask={"paths": [path]})
    assert path not in [field.name for field, _ in after.ListFields()]


async def test_an_absent_expiry_is_the_default_again(backend: ApiClient, clock: FakeClock) -> None:
    before = await sent(backend, clock)
    clock.advance(1)
    after = await backend.update(before.id, update_mask={"paths": ["expire_time"]})
    assert after.expire_time == time_of(clock.now() + WEEK)


@pytest.mark.parametrize("path", EVERY_PATH)
@pytest.mark.parametrize("expected", [{}, {"expected_revision": 99}], ids=str)
async def test_a_patch_that_changes_nothing_makes_no_event(
    backend: ApiClient, clock: FakeClock, path: str, expected: dict[str, Any]
) -> None:
    before = await sent(backend, clock)
    same = {path: getattr(before, path)}
    assert await backend.update(before.id, content=same, **expected) == before
    assert (await backend.feed()).last_revision == 1


async def test_a_patch_keeps_the_state(publisher: ApiClient) -> None:
    result = await publisher.send()
    await publisher.mark(result.id, read_state=READ, user_action_state=DISMISSED)
    after = await publisher.update(result.id, content={"payload": titled("After")})
    assert (after.read_state, after.user_action_state) == (READ, DISMISSED)
    assert (await publisher.feed()).unread_count == 0


async def test_a_new_payload_rings(publisher: ApiClient, device: Device) -> None:
    result = await publisher.send()
    await device.at(1)
    after = await publisher.update(result.id, content={"payload": titled("After")})
    held = await device.at(2)
    (event,) = held.messages[-1].event_batch.events
    assert (event.change_type, event.alert) == (feed_pb.CHANGE_TYPE_UPDATED, True)
    assert event.notification == after
    assert held.rung == [(result.id, 1), (result.id, 2)]


async def test_a_silent_payload_does_not_ring(publisher: ApiClient, device: Device) -> None:
    result = await publisher.send()
    await device.at(1)
    after = await publisher.update(result.id, content={"payload": titled("After")}, silent=True)
    held = await device.at(2)
    (event,) = held.messages[-1].event_batch.events
    assert (event.change_type, event.alert) == (feed_pb.CHANGE_TYPE_UPDATED, False)
    assert held.notifications[result.id].payload == titled("After")
    assert after.alert_revision == 1
    assert held.rung == [(result.id, 1)]


async def test_other_content_does_not_ring(publisher: ApiClient, device: Device) -> None:
    result = await publisher.send()
    await device.at(1)
    await publisher.update(result.id, content={"group_name": "after"})
    held = await device.at(2)
    (event,) = held.messages[-1].event_batch.events
    assert (event.change_type, event.alert) == (feed_pb.CHANGE_TYPE_STATE_CHANGED, False)
    assert held.notifications[result.id].group_name == "after"
    assert held.notifications[result.id].payload == titled("Hello")
    assert held.rung == [(result.id, 1)]


async def test_a_patch_may_be_a_compare_and_set(publisher: ApiClient) -> None:
    result = await publisher.send()
    await publisher.update(result.id, content={"group_name": "first"}, expected_revision=1)
    for wrong in (0, 1, 3):
        with raises_status("ABORTED", "REVISION_MISMATCH") as failure:
            await publisher.update(result.id, content={"group_name": "second"}, expected_revision=wrong)
        assert failure.metadata == {"revision": "2"}
    assert (await publisher.get(result.id)).group_name == "first"


async def test_only_its_creator_patches_content(publisher: ApiClient, phone: ApiClient) -> None:
    for creator, other, name in ((publisher, phone, "publisher"), (phone, publisher, "user")):
        result = await creator.send()
        with raises_status("PERMISSION_DENIED", "NOT_CREATOR") as failure:
            await other.update(result.id, content={"group_name": "mine"})
        assert failure.metadata == {"creator": name}
        assert (await creator.update(result.id, content={"group_name": "ours"})).group_name == "ours"


async def test_a_patch_by_key_patches_the_callers_own(publisher: ApiClient, phone: ApiClient) -> None:
    for caller in (publisher, phone):
        await caller.send(app_notification_id="both")
    after = await phone.update(key="both", content={"payload": titled("After")})
    assert after.sender_role == pb.SENDER_ROLE_USER
    assert (await publisher.get(key="both")).payload == titled("Hello")


async def test_what_is_gone_is_not_found(publisher: ApiClient) -> None:
    result = await publisher.send()
    await publisher.delete(result.id)
    for id_ in (result.id, "never"):
        with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
            await publisher.update(id_, content={"group_name": "after"})


async def test_a_device_is_the_origin_of_its_patch(phone: ApiClient, device: Device) -> None:
    result = await phone.send()
    await device.at(1)
    await phone.update(result.id, content={"payload": titled("After")})
    held = await device.at(2)
    assert held.messages[-1].event_batch.events[0].origin_endpoint_id == "phone"
