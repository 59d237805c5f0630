"""Rows, changes and hints for tests that need no store."""

from collections.abc import Sequence
from typing import Any

from tests.support.builders import a_payload
from tests.support.clocks import START
from unisono.server.bus.base import Hint
from unisono.server.model import Change, ChangeType, Feed, FeedKey, Notification, SenderRole

ADA = FeedKey("mail.test", "ada")
DAY = 24 * 3600 * 1000


def row(revision: int, **fields: Any) -> Notification:
    """A notification that was created at this revision."""
    made: dict[str, Any] = {
        "feed": ADA,
        "id": f"n{revision}",
        "sender_role": SenderRole.PUBLISHER,
        "fingerprint": b"",
        "payload": a_payload("Hello"),
        "expire_time": START + DAY,
        "create_time": START,
        "update_time": START,
        "alert_time": START,
        "revision": revision,
        "create_revision": revision,
        "content_revision": revision,
        "alert_revision": revision,
    }
    return Notification(**{**made, **fields})


def created(revision: int, **fields: Any) -> Change:
    return Change(type=ChangeType.CREATED, notification=row(revision, **fields))


def hint(*changes: Change) -> Hint:
    """What a bus carries of a commit of these changes."""
    return Hint(key=ADA, feed=feed(changes[-1].notification.revision), changes=changes)


def hint_of(revisions: Sequence[int]) -> Hint:
    return hint(*(created(revision) for revision in revisions))


def feed(revision: int) -> Feed:
    return Feed(key=ADA, epoch=b"an epoch", revision=revision, unread=revision)
