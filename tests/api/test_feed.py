"""GetFeed: the last revision and the unread count, exact for everybody and for each endpoint."""

from typing import Any

import pytest

from tests.support.api_client import ACTIVATED, DISMISSED, READ, SNOOZED, UNREAD, ApiClient, titled
from tests.support.devices import Device
from tests.support.nodes import Running
from tests.support.rpc_errors import raises_status
from unisono.v1 import notification_pb2 as pb


async def counts(caller: ApiClient, endpoint_id: str = "") -> tuple[int, int]:
    feed = await caller.feed(endpoint_id=endpoint_id)
    return feed.last_revision, feed.unread_count


async def test_a_feed_in_which_nothing_happened_is_at_0(publisher: ApiClient, phone: ApiClient) -> None:
    assert await counts(publisher) == await counts(phone) == await counts(phone, "phone") == (0, 0)


async def test_a_user_of_whom_nothing_is_known_is_at_0(publisher: ApiClient) -> None:
    assert await counts(publisher) == (0, 0)


@pytest.mark.parametrize(
    ("state", "unread"),
    [
        ({"read_state": UNREAD}, 1),
        ({"read_state": READ}, 0),
        ({"user_action_state": ACTIVATED}, 1),
        ({"user_action_state": DISMISSED}, 0),
        ({"user_action_state": SNOOZED}, 0),
        ({"read_state": READ, "user_action_state": ACTIVATED}, 0),
    ],
)
async def test_unread_is_what_a_badge_shows(publisher: ApiClient, state: dict[str, Any], unread: int) -> None:
    result = await publisher.send()
    await publisher.mark(result.id, **state)
    assert (await publisher.feed()).unread_count == unread
    await publisher.delete(result.id)
    assert (await publisher.feed()).unread_count == 0


async def test_patches_of_content_do_not_change_it(publisher: ApiClient) -> None:
    result = await publisher.send()
    await publisher.update(result.id, content={"payload": titled("After")})
    assert await counts(publisher) == (2, 1)


WINDOWS, LINUX = pb.DEVICE_PLATFORM_WINDOWS, pb.DEVICE_PLATFORM_LINUX

#: What is meant for a phone (Linux), a laptop (Windows) and a browser.
TARGETS: list[tuple[dict[str, Any] | None, str]] = [
    (None, "phone laptop browser"),
    ({"platforms": [LINUX]}, "phone"),
    ({"platforms": [LINUX, WINDOWS]}, "phone laptop"),
    ({"endpoint_ids": ["laptop"]}, "laptop"),
    ({"platforms": [LINUX], "endpoint_ids": ["laptop", "phone"]}, "phone laptop"),
    ({"platforms": [pb.DEVICE_PLATFORM_IOS], "endpoint_ids": ["nobody"]}, ""),
]


async def test_each_endpoint_counts_what_is_meant_for_it(serving: Running, publisher: ApiClient) -> None:
    platforms = {"phone": LINUX, "laptop": WINDOWS, "browser": pb.DEVICE_PLATFORM_WEB}
    device = ApiClient(serving.user(publisher.user_id))
    for name, platform in platforms.items():
        await device.register(endpoint_id=name, platform=platform)
    unread: list[str] = []
    ids: list[str] = []
    for target, meant in TARGETS:
        ids.append((await publisher.send(target_policy=target)).id)
        unread.append(meant)
        for name in platforms:
            wanted = sum(name in each for each in unread)
            assert (await publisher.feed(endpoint_id=name)).unread_count == wanted
        assert (await publisher.feed()).unread_count == len(unread)
    for id_ in ids:
        await publisher.mark(id_, read_state=READ)
        unread.pop(0)
        for name in platforms:
            wanted = sum(name in each for each in unread)
            assert (await device.feed(endpoint_id=name)).unread_count == wanted


async def test_a_streams_count_is_that_of_the_feed(serving: Running, publisher: ApiClient) -> None:
    device = await Device(serving.user(publisher.user_id), "phone").connect()
    for target, _ in TARGETS:
        result = await publisher.send(target_policy=target)
        held = await device.at(result.revision) if "phone" in _ else device.held
        assert held.unread_count == (await publisher.feed(endpoint_id="phone")).unread_count
    await device.disconnect()


async def test_an_endpoint_must_be_registered(publisher: ApiClient, phone: ApiClient) -> None:
    for caller in (publisher, phone):
        with raises_status("NOT_FOUND", "ENDPOINT_NOT_FOUND"):
            await caller.feed(endpoint_id="laptop")
