"""Deleting many: several, a group or all, or those in a given state, by publishers and devices."""

from datetime import timedelta

import pytest

from tests.support.services import Service
from unisono.client import (
    DeleteManyResult,
    Device,
    Everything,
    Group,
    Key,
    NotFound,
    Platform,
    Publisher,
    ReadState,
    UserActionState,
)
from unisono.client._refs import Ref
from unisono.client._wire.methods import DELETE_MANY
from unisono.v1.notification_service_pb2 import DeleteNotificationsRequest

READ, DISMISSED = ReadState.READ, UserActionState.DISMISSED


async def titles(publisher: Publisher) -> list[str]:
    return [row.title async for row in publisher.list("ada")]


async def test_what_is_named_is_deleted(publisher: Publisher) -> None:
    one, _, three, four = [
        await publisher.send("ada", title=title, app_notification_id=title) for title in "1234"
    ]
    await publisher.delete("ada", four)
    named: list[Ref] = [one, Key("2"), one, Key("1"), four, "never was", Key("nor this"), "never was"]
    result = await publisher.delete_many("ada", named)
    assert result == DeleteManyResult(
        removed=2,
        already_removed=1,
        skipped=0,
        last_revision=7,
        unread_count=1,
        not_found=("never was", "nor this"),
    )
    assert await titles(publisher) == ["3"]
    again = await publisher.delete_many("ada", [one, four])
    assert (again.removed, again.already_removed, again.last_revision) == (0, 2, 7)
    assert (await publisher.delete_many("ada", three)).removed == 1


async def test_when_nothing_named_was_ever_there_it_says_so(publisher: Publisher) -> None:
    await publisher.send("ada", title="x")
    with pytest.raises(NotFound) as raised:
        await publisher.delete_many("ada", ["never was", Key("a")])
    assert raised.value.reason == "NOTIFICATION_NOT_FOUND"


async def test_what_has_expired_was_gone_already(service: Service, publisher: Publisher) -> None:
    minute = timedelta(minutes=1)
    one = await publisher.send("ada", title="1", expire_time=service.now + minute)
    await service.advance(2 * minute)
    assert (await publisher.delete_many("ada", one)).already_removed == 1


async def test_a_group_is_deleted(publisher: Publisher) -> None:
    for group_name in ("a", "b", "a", ""):
        await publisher.send("ada", title=f"of {group_name}", group_name=group_name)
    assert (await publisher.delete_many("ada", Group("a"))).removed == 2
    assert await titles(publisher) == ["of ", "of b"]
    assert (await publisher.delete_many("ada", Group("c"))).removed == 0


async def test_only_what_is_in_the_state_is_deleted(publisher: Publisher) -> None:
    for title in "1234":
        await publisher.send("ada", title=title, app_notification_id=title)
    await publisher.mark("ada", [Key("1"), Key("2")], read_state=READ)
    await publisher.mark("ada", [Key("2"), Key("3")], user_action_state=DISMISSED)
    both = await publisher.delete_many("ada", Everything(), read_state=READ, user_action_state=DISMISSED)
    assert (both.removed, both.skipped) == (1, 0)
    assert (await publisher.delete_many("ada", [Key("1"), Key("4")], read_state=READ)).removed == 1
    assert (await publisher.delete_many("ada", Everything(), user_action_state=DISMISSED)).removed == 1
    assert await titles(publisher) == ["4"]


async def test_a_device_deletes_all_that_is_meant_for_it(
    publisher: Publisher, laptop: Device, phone: Device
) -> None:
    await publisher.send("ada", title="Phones", platforms=[Platform.IOS])
    await publisher.send("ada", title="All")
    await laptop.wait_for(lambda laptop: laptop.revision == 2)
    result = await laptop.delete_many(Everything())
    assert (result.removed, result.skipped, result.unread_count) == (1, 0, 0)
    assert await titles(publisher) == ["Phones"]
    await laptop.wait_for(lambda laptop: not laptop.notifications)
    await phone.wait_for(lambda phone: [row.title for row in phone.notifications] == ["Phones"])


async def test_a_device_deletes_no_more_than_it_has_received(
    service: Service, publisher: Publisher, laptop: Device
) -> None:
    one = await publisher.send("ada", title="1")
    await laptop.wait_for(lambda laptop: laptop.revision == 1)
    await publisher.update("ada", one, title="Newer")
    result = await laptop.delete_many(Everything(), up_to_revision=1)
    assert (result.removed, result.skipped) == (0, 1)
    await laptop.wait_for(lambda laptop: laptop.revision == 2)
    assert (await laptop.delete_many(one)).removed == 1


async def test_a_device_that_deletes_is_registered(service: Service, publisher: Publisher) -> None:
    await publisher.send("ada", title="1")
    request = DeleteNotificationsRequest(endpoint_id="laptop")
    request.all.SetInParent()
    with pytest.raises(NotFound) as raised:
        await service.transport.unary(DELETE_MANY, request, token=service.user_token(), timeout=20)
    assert raised.value.reason == "ENDPOINT_NOT_FOUND"


async def test_up_to_a_revision_what_is_newer_is_left_alone(publisher: Publisher) -> None:
    one = await publisher.send("ada", title="1")
    await publisher.send("ada", title="2")
    await publisher.update("ada", one, title="1, again")
    result = await publisher.delete_many("ada", Everything(), up_to_revision=2)
    assert (result.removed, result.skipped, result.unread_count) == (1, 1, 1)
    assert await titles(publisher) == ["1, again"]
