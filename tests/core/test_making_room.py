"""What gives way to a send: what has expired first, then the oldest settled, as it is in that commit."""

from dataclasses import replace

from tests.support.builders import ALICE, NOW, a_notification
from unisono.server.core.decide.batch import decide
from unisono.server.core.decide.commands import Actor, EncodedContent, Send, fingerprint
from unisono.server.core.decide.results import Result, SendResult
from unisono.server.core.decide.settled import SettledRows
from unisono.server.errors import QuotaExceeded
from unisono.server.model import (
    EVERY_ENDPOINT,
    ChangeType,
    Feed,
    Limits,
    Notification,
    ReadState,
    SenderRole,
    UserActionState,
)
from unisono.server.store.commit import Decision, Room, View

LIMITS = Limits(live_notifications_per_feed=3)
READ = ReadState.READ


def a_send(*, room: bool = True) -> Send:
    content = EncodedContent(payload=b"new")
    return Send(
        actor=Actor(feed=ALICE, role=SenderRole.PUBLISHER),
        new_id="new",
        key="",
        content=content,
        target=EVERY_ENDPOINT,
        replace=False,
        fingerprint=fingerprint(content, EVERY_ENDPOINT),
        room=Room(size=3, max_live=3, max_bytes=LIMITS.feed_bytes, now=NOW) if room else None,
    )


def sent(*rows: Notification, room: bool = True) -> Decision[Result]:
    size = sum(row.size for row in rows)
    feed = Feed(key=ALICE, epoch=b"", revision=9, live=len(rows), size=size, unread=len(rows))
    return decide([a_send(room=room)], View(feeds={ALICE: feed}, rows={ALICE: rows}), now=NOW, limits=LIMITS)


def changes(decision: Decision[Result]) -> list[tuple[str, ChangeType, int]]:
    return [(c.notification.id, c.type, c.notification.revision) for c in decision.changes[ALICE]]


def test_what_has_expired_goes_before_what_is_settled() -> None:
    decision = sent(
        a_notification("read", 1, read_state=READ),
        a_notification("expired", 2, expire_time=NOW),
        a_notification("waits", 3),
    )
    (outcome,) = decision.outcomes
    assert isinstance(outcome, SendResult)
    assert outcome.displaced == ()
    assert changes(decision) == [("expired", ChangeType.EXPIRED, 10), ("new", ChangeType.CREATED, 11)]


def test_what_is_settled_and_has_expired_is_not_displaced() -> None:
    decision = sent(
        a_notification("read", 1, read_state=READ, expire_time=NOW - 1),
        a_notification("waits", 2),
        a_notification("waits too", 3),
    )
    (outcome,) = decision.outcomes
    assert isinstance(outcome, SendResult)
    assert (outcome.displaced, changes(decision)[0][:2]) == ((), ("read", ChangeType.EXPIRED))


def test_the_oldest_settled_one_goes_by_its_creation() -> None:
    decision = sent(
        a_notification("younger", 5, create_revision=2, read_state=READ),
        a_notification("older", 7, create_revision=1, user_action_state=UserActionState.DISMISSED),
        a_notification("waits", 3),
    )
    (outcome,) = decision.outcomes
    assert isinstance(outcome, SendResult)
    assert outcome.displaced == ("older",)
    assert changes(decision)[0] == ("older", ChangeType.DISPLACED, 10)


def test_without_room_asked_for_it_is_refused() -> None:
    rows = [a_notification(f"n{n}", n, read_state=READ) for n in (1, 2, 3)]
    decision = sent(*rows, room=False)
    assert isinstance(decision.outcomes[0], QuotaExceeded)
    assert not decision.changes


def test_settled_rows_are_found_oldest_first_as_they_are_now() -> None:
    found = SettledRows()
    rows = [a_notification(f"n{n}", n, read_state=READ) for n in (3, 1, 2)]
    for row in rows:
        found.put(row)
    assert [row.id for row in found.oldest(2)] == ["n1", "n2"]
    found.put(replace(rows[1], read_state=ReadState.UNREAD))
    assert [row.id for row in found.oldest(9)] == ["n2", "n3"]
    found.put(rows[1])
    found.put(rows[1])
    assert [row.id for row in found.oldest(9)] == ["n1", "n2", "n3"]
    found.put(replace(rows[2], removal=ChangeType.DELETED))
    assert [row.id for row in found.oldest(9)] == ["n1", "n3"]
