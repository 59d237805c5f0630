"""The tail of a feed: unbroken or gone, encoded once, and small."""

import tracemalloc
from dataclasses import replace

import pytest

from tests.core.rows import ADA, created, feed, hint, hint_of, row
from tests.support.builders import a_payload
from tests.support.clocks import START
from unisono.server.api.convert import encoding, subscribe_response
from unisono.server.bus.base import Hint
from unisono.server.core import tail as module
from unisono.server.core.tail import TAIL_CHANGES, Tail
from unisono.server.model import (
    Audience,
    Change,
    ChangeType,
    Limits,
    Platform,
    ReadState,
    TargetPolicy,
)
from unisono.server.model import target as targets

LAPTOP = Audience("laptop", Platform.LINUX)
PHONE = Audience("phone", Platform.IOS)


class Encoder:
    """Remembers what it encoded; the bytes are the revision."""

    def __init__(self) -> None:
        self.encoded: list[tuple[int, bool]] = []

    def __call__(self, change: Change, alert: bool) -> bytes:
        revision = change.notification.revision
        self.encoded.append((revision, alert))
        return b"%d" % revision


@pytest.fixture
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture
def tail(encoder: Encoder) -> Tail:
    tail = Tail(encoder)
    tail.on_hint(hint_of([1, 2, 3]))
    return tail


def told(tail: Tail, cursor: int, audience: Audience = LAPTOP) -> list[int] | None:
    """The revisions of the events after the cursor, or None where the tail cannot say."""
    found = tail.after(cursor, audience, START)
    return None if found is None else [int(event) for event in found[1]]


def test_a_new_tail_knows_nothing(encoder: Encoder) -> None:
    assert told(Tail(encoder), 0) is None


def test_it_continues_a_cursor(tail: Tail) -> None:
    assert [told(tail, cursor) for cursor in range(4)] == [[1, 2, 3], [2, 3], [3], []]


def test_it_tells_the_counters_of_its_last_revision(tail: Tail) -> None:
    tail.on_hint(hint_of([4, 5]))

    found = tail.after(3, LAPTOP, START)

    assert found is not None
    assert found[0] == feed(5)


def test_it_does_not_know_the_future(tail: Tail) -> None:
    assert told(tail, 4) is None


def test_it_grows_in_unbroken_order(tail: Tail) -> None:
    tail.on_hint(hint_of([4]))
    tail.on_hint(hint_of([5, 6]))

    assert told(tail, 0) == [1, 2, 3, 4, 5, 6]


def test_it_starts_anew_after_a_lost_hint(tail: Tail) -> None:
    tail.on_hint(hint_of([5, 6]))

    assert [told(tail, cursor) for cursor in range(7)] == [None, None, None, None, [5, 6], [6], []]


def test_it_passes_over_what_it_heard_before(tail: Tail) -> None:
    tail.on_hint(hint_of([4]))
    tail.on_hint(hint_of([1, 2, 3]))
    tail.on_hint(hint_of([4]))

    assert told(tail, 2) == [3, 4]


def test_a_late_hint_does_not_fill_a_gap(tail: Tail) -> None:
    tail.on_hint(hint_of([5]))
    tail.on_hint(hint_of([4]))

    assert [told(tail, cursor) for cursor in (3, 4)] == [None, [5]]


def test_a_hint_without_changes_ends_it(tail: Tail) -> None:
    tail.on_hint(Hint(key=ADA))

    assert told(tail, 3) is None
    tail.on_hint(hint_of([9]))
    assert told(tail, 8) == [9]


def test_it_tells_each_what_is_meant_for_it(tail: Tail) -> None:
    for_phones = TargetPolicy.of((Platform.IOS,), ())
    tail.on_hint(hint(created(4, target=for_phones), created(5)))

    assert told(tail, 3, LAPTOP) == [5]
    assert told(tail, 3, PHONE) == [4, 5]


def test_it_encodes_once_for_all_and_only_what_is_wanted(tail: Tail, encoder: Encoder) -> None:
    assert encoder.encoded == []

    for cursor in (1, 2, 1):
        for audience in (LAPTOP, PHONE):
            tail.after(cursor, audience, START)

    assert sorted(revision for revision, _ in encoder.encoded) == [2, 3]


@pytest.mark.parametrize(
    ("cursor", "alerts"),
    [
        # As read from the store: its alert is newer than the device's last complete point ...
        (0, {1: True, 2: False, 3: True, 4: False, 5: False}),
        # ... or is not.
        (1, {2: False, 3: False, 4: False, 5: False}),
    ],
)
def test_it_rings_for_what_alerted_after_the_cursor(
    encoder: Encoder, cursor: int, alerts: dict[int, bool]
) -> None:
    # Given one that is created, read and unread again, and two that are over
    tail = Tail(encoder)
    read = replace(row(1), revision=2, read_state=ReadState.READ)
    unread = replace(row(1), revision=3)
    changes = [Change(type=ChangeType.STATE_CHANGED, notification=after) for after in (read, unread)]
    tail.on_hint(hint(created(1), *changes))
    tail.on_hint(hint(created(4, expire_time=START), created(5, display_time_to_live=1)))

    tail.after(cursor, LAPTOP, START + 1)

    assert dict(encoder.encoded) == alerts


def test_new_content_of_a_read_one_rings_once_it_is_unread(encoder: Encoder) -> None:
    # Given one that was read, and gets new content and is marked unread before anybody looks
    tail = Tail(encoder)
    patched = replace(row(1), revision=2, alert_revision=2, read_state=ReadState.READ)
    unread = replace(patched, revision=3, read_state=ReadState.UNREAD)
    changes = [
        Change(type=ChangeType.UPDATED, notification=patched),
        Change(type=ChangeType.STATE_CHANGED, notification=unread),
    ]
    tail.on_hint(hint(*changes))

    tail.after(1, LAPTOP, START)

    assert dict(encoder.encoded) == {2: False, 3: True}


def test_it_is_short(encoder: Encoder) -> None:
    tail = Tail(encoder)
    tail.on_hint(hint_of(range(1, TAIL_CHANGES + 3)))

    assert told(tail, 1) is None
    assert told(tail, 2) == list(range(3, TAIL_CHANGES + 3))


def test_it_makes_nothing_of_what_it_would_drop(monkeypatch: pytest.MonkeyPatch, encoder: Encoder) -> None:
    """However many changes a commit has: they are heard on the loop on which everybody waits."""
    made: list[int] = []

    class Counted(module._Entry):  # noqa: SLF001 - what a tail makes of each change
        def __init__(self, change: Change) -> None:
            made.append(change.notification.revision)
            super().__init__(change)

    monkeypatch.setattr(module, "_Entry", Counted)
    tail = Tail(encoder)
    tail.on_hint(hint_of(range(1, 5)))
    tail.on_hint(hint_of(range(5, 5000)))

    assert len(made) == 4 + TAIL_CHANGES
    assert told(tail, 4999 - TAIL_CHANGES) == list(range(5000 - TAIL_CHANGES, 5000))
    assert told(tail, 4998 - TAIL_CHANGES) is None


def test_a_feed_that_begins_anew_is_another(tail: Tail) -> None:
    anew = hint_of([1, 2])
    assert anew.feed is not None
    tail.on_hint(replace(anew, feed=replace(anew.feed, epoch=b"another")))

    found = tail.after(0, LAPTOP, START)

    assert found is not None
    assert (found[0].epoch, found[0].revision, found[1]) == (b"another", 2, [b"1", b"2"])
    assert tail.after(3, LAPTOP, START) is None


def test_it_holds_no_more_payload_than_a_batch(encoder: Encoder) -> None:
    tail = Tail(encoder)
    for revision in range(1, 101):
        tail.on_hint(hint(created(revision, payload=b"x" * 32 * 1024)))

    assert told(tail, 91) is None
    assert told(tail, 92) == list(range(93, 101))


def test_what_is_more_than_a_batch_is_left_to_the_store(encoder: Encoder) -> None:
    tail = Tail(lambda change, alert: b"x" * 200_000)
    tail.on_hint(hint_of([1, 2]))

    assert tail.after(0, LAPTOP, START) is None
    assert tail.after(1, LAPTOP, START) is not None


def test_it_is_small_whatever_is_in_it() -> None:
    """Bounded: below 1 MiB with everything encoded, when every field is as large as allowed."""
    limits = Limits()
    tail = Tail(subscribe_response.encode_change)

    def largest(revision: int) -> Change:
        named = (f"{revision}-{n:0{limits.id_bytes - 5}}" for n in range(limits.target_endpoints))
        return created(
            revision,
            payload=a_payload("t" * limits.title_bytes) if revision % 2 else None,
            group_name=f"{revision:0{limits.id_bytes}}",
            app_notification_id=f"{revision:0{limits.id_bytes}}",
            target=TargetPolicy.of((Platform.LINUX,), named),
        )

    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for revision in range(1, 200):
            tail.on_hint(hint(largest(revision)))
            tail.after(revision - 1, LAPTOP, START)
        for cache in (targets._key_of_many, encoding._target):  # noqa: SLF001 - of the whole process
            cache.cache_clear()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 1024 * 1024
