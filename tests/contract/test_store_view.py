"""What a commit sees: what its items ask for, of their own feeds, and no payload nobody asked for."""

from dataclasses import replace

import pytest

from tests.support.builders import ALICE, BOB, a_notification, a_payload, a_tombstone, put, read_view
from unisono.server.model import Audience, Platform, SenderRole, TargetPolicy
from unisono.server.store.base import Store
from unisono.server.store.commit import ReadSet, Scan, Scanned, SendKey, View

FIVE = (
    a_notification("n1", 1),
    a_notification("n2", 2, group_name="work"),
    a_notification("n3", 3, target=TargetPolicy.of([Platform.IOS], [])),
    a_notification("n4", 4, group_name="work", target=TargetPolicy.of([], ["phone", "watch"])),
    a_notification("n5", 5, target=TargetPolicy.of([Platform.WEB], ["laptop"])),
)


def ids(view: View) -> set[str]:
    return {row.id for row in view.rows.get(ALICE, ())}


async def test_rows_are_seen_by_id_and_by_key(store: Store) -> None:
    await put(
        store,
        a_notification("n1", 1),
        a_notification("n2", 2, app_notification_id="key"),
        a_notification("n3", 3, app_notification_id="another"),
    )

    view = await read_view(store, ReadSet(feed=ALICE, ids=("n1", "nobody"), keys=("key", "unknown")))

    assert ids(view) == {"n1", "n2"}


USER = {"app_notification_id": "key", "sender_role": SenderRole.USER}


async def test_by_a_key_is_seen_what_is_live_and_what_went_last_of_either_role(store: Store) -> None:
    await put(
        store,
        a_tombstone("older", 2, app_notification_id="key"),
        a_tombstone("gone", 4, app_notification_id="key"),
        a_tombstone("user's older", 6, **USER),
        a_tombstone("user's gone", 8, **USER),
        a_notification("publisher's", 9, app_notification_id="key"),
        a_notification("user's", 10, **USER),
    )

    seen = ids(await read_view(store, ReadSet(feed=ALICE, keys=("key",))))

    assert seen == {"publisher's", "user's", "gone", "user's gone"}


async def test_a_send_sees_what_is_live_with_its_key_and_what_went_with_its_content(store: Store) -> None:
    await put(
        store,
        a_tombstone("same", 2, app_notification_id="key", fingerprint=b"same"),
        a_tombstone("other", 4, app_notification_id="key", fingerprint=b"other"),
        a_tombstone("user's same", 6, fingerprint=b"same", **USER),
        a_notification("live", 7, app_notification_id="key", fingerprint=b"live"),
        a_notification("another", 8, app_notification_id="another", fingerprint=b"same"),
        a_notification("without a key", 9, fingerprint=b"same"),
    )

    async def seen(*sends: SendKey) -> set[str]:
        return ids(await read_view(store, ReadSet(feed=ALICE, sends=sends)))

    assert await seen(SendKey("key", b"same")) == {"same", "user's same", "live"}
    assert await seen(SendKey("key", b"new"), SendKey("key", b"other")) == {"live", "other"}
    assert await seen(SendKey("unknown", b"same"), SendKey("", b"same")) == set()


async def test_what_has_no_key_has_not_the_empty_key(store: Store) -> None:
    await put(store, a_notification("n1", 1))

    assert not ids(await read_view(store, ReadSet(feed=ALICE, keys=("",))))


async def test_names_are_compared_by_bytes(store: Store) -> None:
    await put(store, a_notification("n1", 1, app_notification_id="Key"))

    assert not ids(await read_view(store, ReadSet(feed=ALICE, keys=("key", "KEY", "Key ", "K%"))))


async def test_another_feed_is_not_seen(store: Store) -> None:
    await put(store, a_notification("bob's", 1, feed=BOB, app_notification_id="key"))
    await put(store, a_notification("alice's", 1))

    view = await read_view(store, ReadSet(feed=ALICE, ids=("bob's",), keys=("key",), scan=Scan(until=9)))

    assert ids(view) == {"alice's"}
    assert BOB not in view.feeds


async def test_items_of_many_feeds_see_each_their_own(store: Store) -> None:
    await put(store, a_notification("alice's", 1), a_notification("bob's", 1, feed=BOB))

    view = await read_view(
        store, ReadSet(feed=ALICE, ids=("alice's",)), ReadSet(feed=BOB, ids=("bob's", "alice's"))
    )

    assert {key: [row.id for row in rows] for key, rows in view.rows.items()} == {
        ALICE: ["alice's"],
        BOB: ["bob's"],
    }
    assert view.feeds[ALICE] == await store.feed(ALICE)
    assert view.feeds[BOB] == await store.feed(BOB)


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        ([ReadSet(feed=ALICE, ids=("n1",))], None),
        ([ReadSet(feed=ALICE, keys=("key",), payload=True)], a_payload("seen")),
        (
            [ReadSet(feed=ALICE, ids=("n1",)), ReadSet(feed=ALICE, ids=("n1",), payload=True)],
            a_payload("seen"),
        ),
        (
            [ReadSet(feed=ALICE, keys=("key",), payload=True), ReadSet(feed=ALICE, ids=("n1",))],
            a_payload("seen"),
        ),
        ([ReadSet(feed=ALICE, scan=Scan(until=9))], None),
        (
            [ReadSet(feed=ALICE, ids=("n1",), payload=True), ReadSet(feed=ALICE, scan=Scan(until=9))],
            a_payload("seen"),
        ),
    ],
)
async def test_a_row_is_seen_once_and_its_payload_if_asked_for(
    store: Store, reads: list[ReadSet], expected: bytes | None
) -> None:
    row = a_notification("n1", 1, app_notification_id="key", payload=a_payload("seen"))
    await put(store, row)

    view = await read_view(store, *reads)

    assert list(view.rows[ALICE]) == [replace(row, payload=expected)]


async def test_a_scan_finds_live_rows_in_the_order_of_creation(store: Store) -> None:
    await put(
        store,
        a_notification("second", 8, create_revision=2),
        a_notification("first", 9, create_revision=1),
        a_tombstone("gone", 10, create_revision=3),
        a_notification("fourth", 4),
    )

    view = await read_view(store, ReadSet(feed=ALICE, scan=Scan(until=100)))

    assert view.scans == {0: Scanned(("first", "second", "fourth"))}
    assert ids(view) == {"first", "second", "fourth"}


@pytest.mark.parametrize(
    ("scan", "expected", "resume_after"),
    [
        (Scan(until=5, limit=2), ("n1", "n2"), 2),
        (Scan(until=5, after=2, limit=1), ("n3",), 3),
        (Scan(until=5, limit=2, max_examined=1), ("n1", "n2"), 2),
        (Scan(until=5, limit=9, max_examined=1), ("n1", "n2", "n3", "n4", "n5"), None),
        (Scan(until=5, group_name="work", limit=1, max_examined=3), ("n2",), 2),
        (Scan(until=5, group_name="work", limit=2, max_examined=3), ("n2",), 3),
        (Scan(until=5, after=3, group_name="work", limit=2, max_examined=3), ("n4",), None),
        (Scan(until=5, group_name="play", limit=2, max_examined=3), (), 3),
        (Scan(until=5, after=3, group_name="play", limit=2, max_examined=3), (), None),
        (Scan(until=5, audience=Audience("watch", Platform.LINUX), limit=2, max_examined=3), ("n1", "n2"), 2),
        (Scan(until=5, after=2, audience=Audience("tv", Platform.LINUX), limit=2, max_examined=2), (), 4),
    ],
)
async def test_a_scan_ends_at_its_limit_or_where_it_has_looked_at_enough(
    store: Store, scan: Scan, expected: tuple[str, ...], resume_after: int | None
) -> None:
    await put(store, *FIVE)

    assert (await read_view(store, ReadSet(feed=ALICE, scan=scan))).scans == {
        0: Scanned(expected, resume_after)
    }


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (Scan(until=5), ("n1", "n2", "n3", "n4", "n5")),
        (Scan(until=4, after=2), ("n3", "n4")),
        (Scan(until=5, group_name="work"), ("n2", "n4")),
        (Scan(until=5, group_name=""), ("n1", "n3", "n5")),
        (Scan(until=5, audience=Audience("phone", Platform.IOS)), ("n1", "n2", "n3", "n4")),
        (Scan(until=5, audience=Audience("laptop", Platform.LINUX)), ("n1", "n2", "n5")),
        (Scan(until=5, group_name="work", audience=Audience("laptop", Platform.LINUX)), ("n2",)),
        (Scan(until=0), ()),
    ],
)
async def test_a_scan_is_narrowed(store: Store, scan: Scan, expected: tuple[str, ...]) -> None:
    await put(store, *FIVE)

    assert (await read_view(store, ReadSet(feed=ALICE, scan=scan))).scans == {0: Scanned(expected)}


async def test_scans_belong_to_their_items(store: Store) -> None:
    await put(store, a_notification("n1", 1), a_notification("n2", 2), a_notification("b1", 1, feed=BOB))

    view = await read_view(
        store,
        ReadSet(feed=ALICE, ids=("n1",)),
        ReadSet(feed=ALICE, scan=Scan(until=1)),
        ReadSet(feed=BOB, scan=Scan(until=9)),
        ReadSet(feed=ALICE._replace(user_id="nobody"), scan=Scan(until=9)),
    )

    assert view.scans == {1: Scanned(("n1",)), 2: Scanned(("b1",)), 3: Scanned()}
