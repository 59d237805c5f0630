"""One key, one notification: what a send does when its key was used before."""

from typing import Any

import pytest

from tests.support.api_client import DISMISSED, READ, REPLACE, UNREAD, ApiClient, time_of, titled
from tests.support.clocks import FakeClock
from tests.support.devices import Device
from tests.support.nodes import Running
from tests.support.rpc_errors import raises_status
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import SendResult

KEY = {"app_notification_id": "order-17"}
WINDOWS, LINUX = pb.DEVICE_PLATFORM_WINDOWS, pb.DEVICE_PLATFORM_LINUX

#: The content of a send that comes after one with the title First.
CONTENTS: dict[str, dict[str, Any]] = {
    "same": {"title": "First"},
    "other": {"title": "Second"},
    "other target": {"title": "First", "target_policy": {"platforms": [WINDOWS]}},
}


class Scene:
    """A publisher and a device of one user, for whom time passes only when a test says so."""

    def __init__(self, serving: Running, clock: FakeClock, user_id: str) -> None:
        self.serving = serving
        self.clock = clock
        self.user_id = user_id
        self.publisher = ApiClient(serving.publisher, user_id=user_id)
        self.device = ApiClient(serving.user(user_id), endpoint_id="phone")

    async def reached(self, revision: int) -> None:
        """Let time pass until the feed is at this revision."""
        while (await self.publisher.feed()).last_revision < revision:
            self.clock.advance(1)

    async def first(self, caller: ApiClient, row: str) -> SendResult:
        """Send First, and make of it what the row is to be."""
        soon = {"expire_time": time_of(self.clock.now() + 10_000)} if row == "expired" else {}
        sent = await caller.send("First", **KEY, **soon)
        if row == "deleted":
            await caller.delete(sent.id)
        if row == "expired":
            await self.reached(2)
        return sent

    def again(self, first: SendResult, row: str, content: str) -> dict[str, Any]:
        """The fields of the second send."""
        soon = {"expire_time": first.expire_time} if row == "expired" else {}
        if content != "same" and row == "expired":
            soon = {"expire_time": time_of(self.clock.now() + 10_000)}
        return {**CONTENTS[content], **KEY, **soon}


@pytest.fixture
def scene(held: Running, clock: FakeClock, user_id: str) -> Scene:
    return Scene(held, clock, user_id)


ROLES = ["publisher", "device"]
POLICIES = {"refuse": 0, "replace": REPLACE}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("row", ["live", "deleted", "expired"])
async def test_the_same_content_is_the_first_one_again(
    scene: Scene, role: str, policy: int, row: str
) -> None:
    caller = getattr(scene, role)
    first = await scene.first(caller, row)
    before = await caller.feed()
    again = await caller.send(**scene.again(first, row, "same"), on_conflict=policy)
    assert (again.id, again.create_time, again.expire_time) == (
        first.id,
        first.create_time,
        first.expire_time,
    )
    assert again.deduplicated
    assert again.removed == (row != "live")
    assert again.revision == before.last_revision
    assert await caller.feed() == before


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("row", ["deleted", "expired"])
@pytest.mark.parametrize("content", ["other", "other target"])
async def test_other_content_after_one_that_is_gone_is_new(
    scene: Scene, role: str, policy: int, row: str, content: str
) -> None:
    caller = getattr(scene, role)
    first = await scene.first(caller, row)
    second = await caller.send(**scene.again(first, row, content), on_conflict=policy)
    assert second.id != first.id
    assert (second.deduplicated, second.removed, second.revision) == (False, False, 3)
    assert (await caller.get(key=KEY["app_notification_id"])).id == second.id


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("content", ["other", "other target"])
async def test_other_content_beside_a_live_one_is_refused(scene: Scene, role: str, content: str) -> None:
    caller = getattr(scene, role)
    first = await scene.first(caller, "live")
    with raises_status("ALREADY_EXISTS", "KEY_CONFLICT") as failure:
        await caller.send(**CONTENTS[content], **KEY)
    assert failure.metadata == {"notification_id": first.id}
    assert (await caller.get(first.id)).payload == titled("First")
    assert (await caller.feed()).last_revision == 1


@pytest.mark.parametrize("role", ROLES)
async def test_replacing_rewrites_the_live_one_in_place(scene: Scene, role: str) -> None:
    caller = getattr(scene, role)
    await scene.device.register()
    first = await scene.first(caller, "live")
    await scene.device.mark(first.id, read_state=READ, user_action_state=DISMISSED)
    device = await Device(scene.device.client, "laptop").connect()
    second = await caller.send("Second", **KEY, on_conflict=REPLACE)
    held = await device.at(second.revision)
    await device.disconnect()
    assert (second.id, second.revision, second.deduplicated) == (first.id, 3, False)
    assert second.create_time == first.create_time
    row = held.notifications[first.id]
    assert row.payload == titled("Second")
    assert (row.read_state, row.user_action_state) == (UNREAD, pb.USER_ACTION_STATE_NO_INTERACTION)
    assert held.rung == [(first.id, 3)]
    assert held.messages[-1].event_batch.events[0].change_type == feed_pb.CHANGE_TYPE_UPDATED


@pytest.mark.parametrize("role", ROLES)
async def test_replacing_for_other_devices_is_a_removal_and_a_new_one_in_one_commit(
    scene: Scene, role: str
) -> None:
    caller = getattr(scene, role)
    linux = await Device(scene.device.client, "linux").connect()
    windows = await Device(scene.device.client, "windows").connect(platform=WINDOWS)
    first = await caller.send("First", **KEY, target_policy={"platforms": [LINUX]})
    await linux.at(1)
    second = await caller.send("First", **KEY, target_policy={"platforms": [WINDOWS]}, on_conflict=REPLACE)
    on_linux, on_windows = await linux.at(3), await windows.at(3)
    assert second.id != first.id
    assert second.revision == (await caller.feed()).last_revision == 3
    assert list(on_linux.notifications) == []
    assert list(on_windows.notifications) == [second.id]
    assert on_windows.rung == [(second.id, 3)]
    for device in (linux, windows):
        held = await device.disconnect()
        assert 2 not in [message.revision for message in held.messages]
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
        await caller.get(first.id)


async def test_each_role_has_keys_of_its_own(scene: Scene) -> None:
    first = await scene.publisher.send("First", **KEY)
    second = await scene.device.send("Second", **KEY)
    third = await scene.device.send("First", **KEY, on_conflict=REPLACE)
    assert len({first.id, second.id}) == 2
    assert third.id == second.id
    assert (await scene.publisher.get(first.id)).revision == first.revision


async def test_without_a_key_each_send_is_new(scene: Scene) -> None:
    first, second = await scene.publisher.send(), await scene.publisher.send()
    assert first.id != second.id
    assert not second.deduplicated


async def test_a_retry_is_good_after_the_time_it_asked_to_expire_at(scene: Scene) -> None:
    first = await scene.first(scene.publisher, "expired")
    scene.clock.advance(3600)
    again = await scene.publisher.send("First", **KEY, expire_time=first.expire_time)
    assert (again.id, again.deduplicated, again.removed) == (first.id, True, True)


async def test_after_a_replacement_both_contents_are_known(scene: Scene) -> None:
    first = await scene.publisher.send("First", **KEY)
    elsewhere = {**CONTENTS["other target"], **KEY}
    second = await scene.publisher.send(**elsewhere, on_conflict=REPLACE)
    late = await scene.publisher.send("First", **KEY)
    again = await scene.publisher.send(**elsewhere)
    assert (late.id, late.deduplicated, late.removed) == (first.id, True, True)
    assert (again.id, again.deduplicated, again.removed) == (second.id, True, False)


async def test_a_rewritten_one_is_known_by_its_new_content_only(scene: Scene) -> None:
    await scene.publisher.send("First", **KEY)
    await scene.publisher.send("Second", **KEY, on_conflict=REPLACE)
    assert (await scene.publisher.send("Second", **KEY)).deduplicated
    with raises_status("ALREADY_EXISTS", "KEY_CONFLICT"):
        await scene.publisher.send("First", **KEY)


async def test_a_patch_does_not_change_what_the_same_content_is(scene: Scene) -> None:
    first = await scene.publisher.send("First", **KEY)
    patched = await scene.publisher.update(first.id, content={"payload": titled("Second")})
    again = await scene.publisher.send("First", **KEY)
    assert (again.id, again.deduplicated, again.revision) == (first.id, True, patched.revision)
    assert (await scene.publisher.get(first.id)).payload == titled("Second")
    with raises_status("ALREADY_EXISTS", "KEY_CONFLICT"):
        await scene.publisher.send("Second", **KEY)
