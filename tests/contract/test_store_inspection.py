"""What there is of a feed, from one snapshot: counters, endpoints, and rows without payloads, in pages."""

from typing import Any

import pytest

from tests.support.builders import ALICE, BOB, a_notification, a_tombstone, an_endpoint, put, put_endpoints
from unisono.server.model import EVERY_ENDPOINT, Platform, SenderRole, TargetPolicy
from unisono.server.store.base import Store
from unisono.server.store.reads import Inspected, Inspection

IOS = TargetPolicy.of((Platform.IOS,), ())


async def inspect(store: Store, **what: Any) -> Inspection:
    found = await store.inspect(ALICE, Inspected(**{"limit": 10, "endpoints": 10, **what}))
    assert found is not None
    return found


def ids(found: Inspection) -> list[str]:
    return [row.id for row in found.rows]


async def test_where_there_is_no_feed_there_is_nothing(store: Store) -> None:
    await put(store, a_notification("bob's", 1, feed=BOB))

    assert await store.inspect(ALICE, Inspected(limit=10, endpoints=10)) is None


async def test_the_newest_come_first_then_what_was_removed_last(store: Store) -> None:
    await put(store, a_notification("one", 1), a_notification("two", 2))
    await put(
        store, a_tombstone("long gone", 4, create_revision=3), a_tombstone("gone", 6, create_revision=5)
    )

    found = await inspect(store)

    assert ids(found) == ["two", "one", "gone", "long gone"]
    assert found.feed == await store.feed(ALICE)


async def test_no_payload_is_read(store: Store) -> None:
    await put(store, a_notification("one", 1))

    assert [row.payload for row in (await inspect(store)).rows] == [None]
    assert [row.payload for row in (await inspect(store, ids=["one"])).rows] == [None]


async def test_a_page_has_no_more_than_asked_and_the_next_goes_on_below(store: Store) -> None:
    await put(store, *(a_notification(f"{number}", number) for number in range(1, 6)))
    await put(store, *(a_tombstone(f"gone {number}", 10 + number, create_revision=5) for number in (1, 2, 3)))

    assert ids(await inspect(store, limit=2)) == ["5", "4", "gone 3", "gone 2"]
    assert ids(await inspect(store, limit=2, before=4)) == ["3", "2"]
    assert ids(await inspect(store, limit=2, before=2)) == ["1"]


async def test_one_by_its_id_live_or_gone(store: Store) -> None:
    await put(store, a_notification("one", 1), a_tombstone("gone", 3, create_revision=2))
    await put(store, a_notification("bob's", 1, feed=BOB))

    assert ids(await inspect(store, ids=["gone"])) == ["gone"]
    assert ids(await inspect(store, ids=["one"], limit=0)) == ["one"]
    assert ids(await inspect(store, ids=["bob's"])) == []


async def test_a_key_finds_what_is_live_and_what_went_last_of_each_role(store: Store) -> None:
    of_key: dict[str, Any] = {"app_notification_id": "order", "create_revision": 1}
    await put(
        store,
        a_notification("live", 7, app_notification_id="order"),
        a_tombstone("first", 3, **of_key),
        a_tombstone("second", 4, **of_key),
        a_tombstone("user's", 5, sender_role=SenderRole.USER, **of_key),
        a_notification("other", 6),
    )

    assert ids(await inspect(store, keys=["order"])) == ["live", "user's", "second"]


async def test_endpoints_come_in_the_order_of_registration_then_those_deleted_last(store: Store) -> None:
    later, earlier = an_endpoint("a", create_time=2), an_endpoint("b", create_time=1)
    first, last = an_endpoint("c", delete_time=3), an_endpoint("d", delete_time=4)
    await put_endpoints(store, later, earlier, first, last)

    found = await inspect(store)

    assert (list(found.endpoints), list(found.deleted_endpoints)) == ([earlier, later], [last, first])


async def test_there_are_no_more_endpoints_than_asked(store: Store) -> None:
    await put_endpoints(store, *(an_endpoint(f"{number}", create_time=number) for number in range(5)))
    await put_endpoints(store, *(an_endpoint(f"gone {number}", delete_time=number) for number in range(1, 5)))

    found = await inspect(store, endpoints=2)

    assert [one.endpoint_id for one in found.endpoints] == ["0", "1"]
    assert [one.endpoint_id for one in found.deleted_endpoints] == ["gone 4", "gone 3"]


@pytest.mark.parametrize("target", [EVERY_ENDPOINT, IOS])
async def test_the_counters_are_those_of_the_feed(store: Store, target: TargetPolicy) -> None:
    await put(store, a_notification("one", 1, target=target), a_notification("two", 2, target=target))

    found = await inspect(store)

    assert (found.feed.live, found.feed.unread_count()) == (2, 2)
