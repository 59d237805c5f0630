"""ListNotifications: everything that lives, newest first, in pages that hold while things change."""

from typing import Any

import pytest

from tests.support.api_client import (
    ACTIVATED,
    DISMISSED,
    READ,
    REPLACE,
    SNOOZED,
    UNREAD,
    ApiClient,
    time_of,
    titled,
)
from tests.support.clocks import FakeClock
from tests.support.devices import Device
from tests.support.nodes import Running
from tests.support.rpc_errors import raises_status
from unisono.v1 import notification_pb2 as pb


async def send(caller: ApiClient, count: int, **fields: Any) -> list[str]:
    """The ids of so many new notifications, oldest first."""
    results = await caller.send_all(*[caller.new(f"Number {n}", **fields) for n in range(count)])
    return [item.result.id for item in results]


async def listed(caller: ApiClient, **fields: Any) -> list[str]:
    """The ids on the first page."""
    return [row.id for row in (await caller.history(**fields)).notifications]


async def listed_by_one(caller: ApiClient, **fields: Any) -> list[str]:
    """The ids on pages of one each."""
    return [id_ for page in await pages(caller, page_size=1, **fields) for id_ in page]


async def pages(caller: ApiClient, **fields: Any) -> list[list[str]]:
    """The ids on every page."""
    found: list[list[str]] = []
    token = ""
    while not found or token:
        page = await caller.history(page_token=token, **fields)
        found.append([row.id for row in page.notifications])
        token = page.next_page_token
    return found


async def test_a_user_without_notifications_has_an_empty_history(publisher: ApiClient) -> None:
    assert await publisher.history() == type(await publisher.history())()


async def test_it_is_newest_first_by_creation(publisher: ApiClient) -> None:
    ids = await send(publisher, 3)
    await publisher.update(ids[0], content={"payload": titled("Newer")})
    assert await listed(publisher) == ids[::-1]


async def test_each_is_what_get_returns(publisher: ApiClient, phone: ApiClient) -> None:
    result = await publisher.send(group_name="group", target_policy={"endpoint_ids": ["phone"]})
    assert list((await phone.history()).notifications) == [await publisher.get(result.id)]


async def test_what_was_read_or_dismissed_stays_and_what_was_deleted_goes(publisher: ApiClient) -> None:
    ids = await send(publisher, 4)
    await publisher.mark(ids[0], read_state=READ)
    await publisher.mark(ids[1], user_action_state=DISMISSED)
    await publisher.delete(ids[2])
    assert await listed(publisher) == [ids[3], ids[1], ids[0]]


@pytest.mark.parametrize(("count", "size", "sizes"), [(5, 2, [2, 2, 1]), (4, 2, [2, 2]), (1, 1, [1])])
async def test_the_last_page_has_no_token(
    publisher: ApiClient, count: int, size: int, sizes: list[int]
) -> None:
    ids = await send(publisher, count)
    found = await pages(publisher, page_size=size)
    assert [len(page) for page in found] == sizes
    assert [id_ for page in found for id_ in page] == ids[::-1]


async def test_a_page_may_have_another_size_than_the_one_before(publisher: ApiClient) -> None:
    ids = await send(publisher, 6)
    first = await publisher.history(page_size=1)
    second = await listed(publisher, page_size=5, page_token=first.next_page_token)
    assert second == ids[4::-1]


async def test_pages_hold_while_things_change(publisher: ApiClient) -> None:
    ids = await send(publisher, 6)
    first = await publisher.history(page_size=2)
    await send(publisher, 3)
    await publisher.delete(ids[4])
    await publisher.delete(ids[2])
    await publisher.mark(ids[1], read_state=READ)
    await publisher.update(ids[0], content={"payload": titled("Newer")})
    token = first.next_page_token
    assert await listed(publisher, page_size=9, page_token=token) == [ids[3], ids[1], ids[0]]


async def test_what_is_replaced_keeps_its_place(publisher: ApiClient) -> None:
    first = await publisher.send("First", app_notification_id="key")
    second = await publisher.send()
    await publisher.send("Rewritten", app_notification_id="key", on_conflict=REPLACE)
    assert await listed(publisher) == [second.id, first.id]


FILTERS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "unread": ({"read_state": UNREAD}, [4, 2, 1, 0]),
    "read": ({"read_state": READ}, [3]),
    "activated": ({"user_action_state": ACTIVATED}, [1]),
    "dismissed": ({"user_action_state": DISMISSED}, [3, 2]),
    "snoozed": ({"user_action_state": SNOOZED}, [4]),
    "a group": ({"group_name": "odd"}, [3, 1]),
    "no group": ({"group_name": ""}, [4]),
    "a group of nobody": ({"group_name": "nobody"}, []),
    "a category": ({"category": "loud"}, [1]),
    "no category": ({"category": ""}, [4, 3, 2, 0]),
    "several": ({"read_state": UNREAD, "user_action_state": DISMISSED, "group_name": "even"}, [2]),
    "none that meets all": ({"read_state": READ, "group_name": "even"}, []),
}


@pytest.mark.parametrize(("filters", "places"), FILTERS.values(), ids=FILTERS)
async def test_filters_combine(publisher: ApiClient, filters: dict[str, Any], places: list[int]) -> None:
    groups = ("even", "odd", "even", "odd", "")
    kinds = ("", "loud", "", "", "")
    ids = [
        (await publisher.send(group_name=group, category=kind)).id
        for group, kind in zip(groups, kinds, strict=True)
    ]
    await publisher.mark(ids[1], user_action_state=ACTIVATED)
    await publisher.mark(ids[2], ids[3], user_action_state=DISMISSED)
    await publisher.mark(ids[3], read_state=READ)
    await publisher.mark(ids[4], user_action_state=SNOOZED)
    assert await listed(publisher, **filters) == [ids[place] for place in places]
    assert await listed_by_one(publisher, **filters) == [ids[place] for place in places]


@pytest.mark.parametrize(
    ("start", "end", "places"),
    [
        (None, None, [2, 1, 0]),
        (0, None, [2, 1, 0]),
        (1, None, [2, 1]),
        (None, 1000, [0]),
        (1000, 1001, [1]),
        (1, 1000, []),
        (1001, 5000, [2]),
    ],
)
async def test_a_time_range_has_its_start_and_not_its_end(
    held: Running, clock: FakeClock, user_id: str, start: int | None, end: int | None, places: list[int]
) -> None:
    publisher = ApiClient(held.publisher, user_id=user_id)
    zero = clock.now()
    ids: list[str] = []
    for _ in range(3):
        ids.append((await publisher.send()).id)
        clock.advance(1)
    bounds = {"start_time": start, "end_time": end}
    filters = {name: time_of(zero + bound) for name, bound in bounds.items() if bound is not None}
    assert await listed(publisher, **filters) == [ids[place] for place in places]


TARGETS: list[Any] = [
    None,
    {"platforms": [pb.DEVICE_PLATFORM_LINUX]},
    {"platforms": [pb.DEVICE_PLATFORM_WINDOWS]},
    {"endpoint_ids": ["phone"]},
    {"endpoint_ids": ["laptop"]},
    {"platforms": [pb.DEVICE_PLATFORM_WINDOWS], "endpoint_ids": ["phone"]},
]


async def test_an_endpoint_sees_what_is_meant_for_it(publisher: ApiClient, phone: ApiClient) -> None:
    ids = [(await publisher.send(target_policy=target)).id for target in TARGETS]
    meant = [ids[place] for place in (5, 3, 1, 0)]
    for caller in (publisher, phone):
        assert await listed(caller, endpoint_id="phone") == meant
        assert await listed_by_one(caller, endpoint_id="phone") == meant
        assert await listed(caller) == ids[::-1]


async def test_only_the_first_page_of_an_endpoint_has_a_resume_token(
    publisher: ApiClient, phone: ApiClient
) -> None:
    await send(publisher, 2)
    first = await phone.history(endpoint_id="phone", page_size=1)
    second = await phone.history(endpoint_id="phone", page_size=1, page_token=first.next_page_token)
    assert first.resume_token
    assert not second.resume_token
    assert not (await phone.history()).resume_token


async def test_an_endpoint_must_be_registered(phone: ApiClient) -> None:
    with raises_status("NOT_FOUND", "ENDPOINT_NOT_FOUND"):
        await phone.history(endpoint_id="laptop")
    await phone.remove()
    with raises_status("FAILED_PRECONDITION", "ENDPOINT_DELETED"):
        await phone.history(endpoint_id="phone")


async def test_list_then_subscribe_leaves_no_gap(publisher: ApiClient, phone: ApiClient) -> None:
    ids = await send(publisher, 3)
    snapshot = await phone.history(endpoint_id="phone")
    new = await publisher.send("New")
    await publisher.mark(ids[0], read_state=READ)
    await publisher.delete(ids[1])
    device = Device(phone.client, "phone")
    device.held.notifications.update({row.id: row for row in snapshot.notifications})
    device.held.token = snapshot.resume_token
    held = await (await device.connect()).disconnect()
    assert held.messages[0].welcome.resumed
    wanted = {row.id: row for row in (await publisher.history()).notifications}
    assert held.notifications == wanted
    assert held.rung == [(new.id, new.revision)]


async def test_an_endpoint_may_start_from_an_empty_history(publisher: ApiClient, phone: ApiClient) -> None:
    token = (await phone.history(endpoint_id="phone")).resume_token
    new = await publisher.send()
    device = await Device(phone.client, "phone").connect(resume_token=token)
    held = await device.disconnect()
    assert held.messages[0].welcome.resumed
    assert held.rung == [(new.id, 1)]
