"""A commit takes effect as a whole or not at all, is kept, and acts as if it were alone."""

import asyncio
from dataclasses import replace

import pytest

from tests.contract.backends import StoreBackend, opened
from tests.support.builders import (
    ALICE,
    BOB,
    NOW,
    StubItem,
    a_notification,
    a_payload,
    put,
    read_view,
    removed,
    write_rows,
)
from unisono.server.errors import NotFound, Reason
from unisono.server.model import (
    ChangeType,
    Counts,
    Notification,
    Priority,
    ReadState,
    SenderRole,
    TargetPolicy,
    UserActionState,
)
from unisono.server.store.base import BatchRejected, Store
from unisono.server.store.commit import Decision, ReadSet, View

LARGEST = 2**53 - 1
FULL = a_notification(
    "full",
    LARGEST,
    app_notification_id="Schlüssel 🔑",
    sender_role=SenderRole.USER,
    fingerprint=bytes(range(16)),
    group_name="Gruppe 'eins'; --",
    category="Art 'zwei'; --",
    payload=a_payload("ein Titel 🦉", "ein\nText", raw_content=bytes(range(256))),
    priority=Priority.HIGH,
    target=TargetPolicy.of([6, 1], ["tablet", "Händi 📱"]),
    display_time_to_live=0,
    expire_time=LARGEST,
    read_state=ReadState.READ,
    user_action_state=UserActionState.SNOOZED,
    snooze_until=NOW + 1,
    create_time=1,
    update_time=2,
    alert_time=3,
    create_revision=4,
    content_revision=5,
    alert_revision=6,
)


@pytest.mark.parametrize(
    "row",
    [
        FULL,
        a_notification("text", 1),
        a_notification("raw", 1, payload=a_payload(raw_content=b"\x00\xff")),
        a_notification("empty", 1, payload=a_payload(title="", raw_content=b"")),
        a_notification("no bytes", 1, payload=b""),
        a_notification("priority of tomorrow", 1, priority=99),
    ],
    ids=lambda row: row.id,
)
async def test_every_field_comes_back_as_it_was_written(store: Store, row: Notification) -> None:
    await put(store, row)

    assert await store.find(ALICE, ids=[row.id]) == [row]


async def test_what_was_committed_is_there_when_the_store_is_opened_again(backend: StoreBackend) -> None:
    async with opened(backend.store()) as store:
        await put(store, a_notification("n1", 1), a_notification("n2", 2))
        feed, epoch = await store.feed(ALICE), store.epoch

    async with opened(backend.store()) as store:
        assert await store.feed(ALICE) == feed
        assert store.epoch == epoch
        assert {row.id for row in await store.find(ALICE, ids=["n1", "n2"])} == {"n1", "n2"}


async def test_stores_and_feeds_have_epochs_of_eight_bytes(store: Store) -> None:
    await put(store, a_notification("n1", 1), a_notification("n2", 1, feed=BOB))

    alice, bob = await store.feed(ALICE), await store.feed(BOB)

    assert alice is not None
    assert bob is not None
    assert [len(epoch) for epoch in (store.epoch, alice.epoch, bob.epoch)] == [8, 8, 8]
    assert len({store.epoch, alice.epoch, bob.epoch}) == 3


async def test_a_feed_is_made_by_the_commit_that_writes_it(store: Store) -> None:
    seen = (await read_view(store, ReadSet(feed=ALICE))).feeds[ALICE]
    assert (seen.revision, seen.floor, seen.live, seen.size, seen.unread, seen.targets) == (0, 0, 0, 0, 0, {})
    assert await store.feed(ALICE) is None

    decision = await store.commit(
        [StubItem(read_set=ReadSet(feed=ALICE))],
        lambda _, view: Decision(outcomes=[None], feeds=[replace(view.feeds[ALICE], revision=1)]),
    )

    assert await store.feed(ALICE) == decision.feeds[0]


async def test_counters_are_kept_by_target_policy(store: Store) -> None:
    phones = TargetPolicy.of([2, 3], [])
    await put(store, a_notification("n1", 1), a_notification("n2", 2, target=phones))

    feed = await store.feed(ALICE)

    assert feed is not None
    assert (feed.revision, feed.live, feed.unread) == (2, 2, 1)
    assert feed.targets == {phones.key: Counts(1, 1)}


async def test_the_decision_comes_back_with_its_outcomes(store: Store) -> None:
    error = NotFound(Reason.NOTIFICATION_NOT_FOUND, "not here")
    decided: Decision[str] = Decision(outcomes=["one", error])

    items = [StubItem(read_set=ReadSet(feed=ALICE)), StubItem(read_set=ReadSet(feed=BOB))]

    assert await store.commit(items, lambda _, view: decided) == decided


async def test_an_exception_of_the_decision_passes_through_and_changes_nothing(store: Store) -> None:
    class Mistake(Exception):
        pass

    def fail(items: object, view: View) -> Decision[None]:
        raise Mistake

    await put(store, a_notification("n1", 1))
    with pytest.raises(Mistake):
        await store.commit([StubItem(read_set=ReadSet(feed=ALICE))], fail)

    await put(store, a_notification("n2", 2))
    feed = await store.feed(ALICE)
    assert feed is not None
    assert (feed.revision, feed.live) == (2, 2)


@pytest.mark.parametrize(
    "bad",
    [
        a_notification("taken revision", 1),
        a_notification("new without payload", 3, payload=None),
        a_notification("lone surrogate", 3, group_name="\ud800"),
        a_notification("number too large", 3, expire_time=2**63),
        a_notification("n3", 3, feed=BOB),
    ],
    ids=lambda row: row.id,
)
async def test_bad_data_rejects_the_whole_batch(store: Store, bad: Notification) -> None:
    await put(store, a_notification("n1", 1), a_notification("n3", 2))
    before = await store.feed(ALICE)

    with pytest.raises(BatchRejected) as raised:
        await put(store, a_notification("n2", 4), bad)

    assert raised.value.__cause__ is not None
    assert await store.feed(ALICE) == before
    assert (await read_view(store, ReadSet(feed=ALICE))).feeds[ALICE] == before
    assert not await store.find(ALICE, ids=["n2"])
    await put(store, a_notification("n2", 4))
    assert await store.find(ALICE, ids=["n2"])


@pytest.mark.parametrize(
    "bad",
    [
        ReadSet(feed=ALICE, keys=("\udfff",)),
        ReadSet(feed=ALICE, ids=("\udfff",)),
        ReadSet(feed=ALICE._replace(user_id="\udfff")),
    ],
    ids=["key", "id", "user"],
)
async def test_a_name_that_is_no_text_rejects_the_batch(store: Store, bad: ReadSet) -> None:
    await put(store, a_notification("n1", 1))

    with pytest.raises(BatchRejected):
        await read_view(store, bad)


async def test_commits_act_one_after_the_other(store: Store) -> None:
    """Each takes the next revision of what it sees: none is taken twice, none is left out."""

    def append(items: object, view: View) -> Decision[int]:
        revision = view.feeds[ALICE].revision + 1
        row = a_notification(f"n{revision}", revision)
        written = write_rows(view, [row])
        return Decision(outcomes=[revision], feeds=written.feeds, rows=written.rows)

    commits = [store.commit([StubItem(read_set=ReadSet(feed=ALICE))], append) for _ in range(50)]
    decisions = await asyncio.gather(*commits)

    assert {decision.outcomes[0] for decision in decisions} == set(range(1, 51))
    feed = await store.feed(ALICE)
    assert feed is not None
    assert (feed.revision, feed.live) == (50, 50)


async def test_many_feeds_are_written_by_one_commit(store: Store) -> None:
    keys = [ALICE._replace(user_id=f"user{n}") for n in range(300)]

    await put(store, *(a_notification(f"n-{key.user_id}", 1, feed=key) for key in keys))

    feeds = await asyncio.gather(*(store.feed(key) for key in keys))
    assert [feed and (feed.key, feed.revision, feed.live) for feed in feeds] == [(k, 1, 1) for k in keys]


async def test_a_row_written_without_its_payload_keeps_it(store: Store) -> None:
    row = a_notification("n1", 1, payload=a_payload("kept", "too", raw_content=b"and this"))
    await put(store, row)

    read = replace(row, payload=None, read_state=ReadState.READ, revision=2, update_time=NOW + 5)
    await put(store, read)

    assert await store.find(ALICE, ids=["n1"]) == [replace(read, payload=row.payload)]


async def test_a_row_is_rewritten_in_place(store: Store) -> None:
    before = a_notification("n1", 1, group_name="old")
    after = replace(
        before,
        fingerprint=b"new",
        group_name="new",
        category="new",
        payload=a_payload(raw_content=b"new"),
        priority=Priority.LOW,
        display_time_to_live=5,
        expire_time=NOW + 7,
        read_state=ReadState.READ,
        user_action_state=UserActionState.SNOOZED,
        action_id="reply",
        snooze_until=NOW + 6,
        update_time=NOW + 1,
        alert_time=NOW + 2,
        revision=4,
        content_revision=3,
        alert_revision=2,
        size=len(a_payload(raw_content=b"new")),
    )
    await put(store, before)

    await put(store, after)

    assert await store.find(ALICE, ids=["n1"]) == [after]


async def test_a_tombstone_keeps_who_it_was_and_no_content(store: Store) -> None:
    payload = a_payload("secret", "secret", raw_content=b"secret")
    row = replace(FULL, revision=7, payload=payload)
    await put(store, row)

    await put(store, replace(row, revision=8, removal=ChangeType.EXPIRED))

    (found,) = await store.find(ALICE, ids=["full"])
    assert found == replace(
        row,
        revision=8,
        removal=ChangeType.EXPIRED,
        payload=None,
        size=0,
        group_name="",
        category="",
        priority=Priority.UNSPECIFIED,
        display_time_to_live=None,
        action_id="",
        snooze_until=None,
    )


async def test_a_tombstone_does_not_come_back_to_life_without_a_payload(store: Store) -> None:
    row = a_notification("n1", 1)
    await put(store, row)
    await put(store, removed(row, 2))

    with pytest.raises(BatchRejected):
        await put(store, replace(row, revision=3, payload=None))

    assert await store.find(ALICE, ids=["n1"]) == [removed(row, 2)]


async def test_revisions_move_within_one_commit(store: Store) -> None:
    one, two = a_notification("n1", 1), a_notification("n2", 2)
    await put(store, one, two)

    await put(store, replace(two, revision=3), replace(one, revision=4))

    found = await store.find(ALICE, ids=["n1", "n2"])
    assert {row.id: row.revision for row in found} == {"n1": 4, "n2": 3}
