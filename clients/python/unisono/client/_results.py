"""What the calls that change something answer: all of it is committed to the server's disk (Durable)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """The result of a send, which is committed to the server's disk (Durable).

    `app_notification_id` is the key of the send, also where the SDK made one. `revision` is the feed's at the
    last change of the notification. `deduplicated`: an earlier send with the same key and content stored it,
    and this one changed nothing (Idempotent); then `removed` is true if it is gone meanwhile, and stays gone.
    `displaced_ids` are what gave way to it in a full feed: notifications that were read or dismissed.
    `endpoints` is how many endpoints the user has, whatever it is meant for: 0 means that there is no device
    yet, and it waits for one; None where the server does not know.
    """

    id: str
    app_notification_id: str
    revision: int
    create_time: datetime
    expire_time: datetime
    deduplicated: bool
    removed: bool
    displaced_ids: tuple[str, ...]
    endpoints: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkResult:
    """The result of a mark, all of which is committed to the server's disk (Durable).

    `changed` counts what changed, without what was as asked already. `skipped` counts what was left alone:
    it has newer content or a newer alert than `up_to_revision`, expires before `snooze_until`, or has another
    `action_id` already.
    `last_revision` and `unread_count` are the feed's after the mark; where a device marked, the count is its
    own. `not_found` has the ids or keys that name nothing live.
    """

    changed: int
    skipped: int
    last_revision: int
    unread_count: int
    not_found: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteResult:
    """The result of a delete: the feed's revision at which the notification was removed.

    `already_removed`: it had been deleted or had expired before this call, which changed nothing.
    """

    revision: int
    already_removed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteManyResult:
    """The result of deleting many, all of which is committed to the server's disk (Durable).

    `removed` counts what was removed, `already_removed` what was named and had been deleted or had expired
    before. `skipped` counts what was left alone: it has newer content or a newer alert than
    `up_to_revision`. What is in another state than asked for counts nowhere. `last_revision` and
    `unread_count` are the feed's afterwards; where a device deleted, the count is its own. `not_found` has
    the ids or keys of which the server knows nothing.
    """

    removed: int
    already_removed: int
    skipped: int
    last_revision: int
    unread_count: int
    not_found: tuple[str, ...]
