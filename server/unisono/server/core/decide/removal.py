"""Decides removals of notifications, by request and by time, and the ends of snoozes."""

from collections.abc import Iterable
from dataclasses import replace

from unisono.server.core.decide.commands import Actor, Delete, DeleteMany, ProcessDue
from unisono.server.core.decide.ledger import Ledger
from unisono.server.core.decide.preconditions import check_revision, not_found
from unisono.server.core.decide.results import DeleteResult, DeleteStep, DueProcessed
from unisono.server.core.decide.selection import distinct, named, step
from unisono.server.model import (
    ChangeType,
    Notification,
    Priority,
    ReadState,
    UserActionState,
)
from unisono.server.model.changer import SERVICE
from unisono.server.store.commit import Scanned


def delete(ledger: Ledger, command: Delete, now: int) -> DeleteResult:
    """Withdraw a notification. What is gone already stays as it is, whatever revision is expected.

    Raises `NotFound` where there is not even a tombstone, and `Aborted` at another revision than expected.
    """
    row = ledger.resolve(command.ref, command.actor.role)
    if row is None:
        raise not_found()
    if not row.live:
        return DeleteResult(revision=row.revision, already_removed=True)
    check_revision(row, command.expected_revision)
    return DeleteResult(revision=remove(ledger, row, ChangeType.DELETED, now, command.actor).revision)


def delete_many(ledger: Ledger, command: DeleteMany, scanned: Scanned, now: int) -> DeleteStep:
    """Withdraw what the references name, or one step of what a scan found.

    What is in another state than the command asks for is neither removed nor skipped.
    """
    if command.begun_elsewhere(ledger.epoch):
        return DeleteStep(removed=0, skipped=0, feed=ledger.feed, not_found=command.refs)
    if command.scan is not None:
        rows, resume_after = step(ledger, command.scan, scanned)
        removed, skipped = _remove_all(ledger, command, rows, now)
        return DeleteStep(removed=len(removed), skipped=skipped, feed=ledger.feed, resume_after=resume_after)
    found = named(ledger, command)
    rows = distinct(row for row in found.values() if row is not None)
    gone = frozenset(row.id for row in rows if not row.live)
    removed, skipped = _remove_all(ledger, command, (row for row in rows if row.live), now)
    return DeleteStep(
        removed=len(removed),
        skipped=skipped,
        feed=ledger.feed,
        removed_ids=removed,
        gone_ids=gone,
        not_found=tuple(ref for ref, row in found.items() if row is None),
    )


def _remove_all(
    ledger: Ledger, command: DeleteMany, rows: Iterable[Notification], now: int
) -> tuple[frozenset[str], int]:
    """Remove live rows; return the ids of those that were removed, and how many were too new for it."""
    wanted = [row for row in rows if command.where.passes(row)]
    old = [row for row in wanted if not command.is_newer(row)]
    for row in old:
        remove(ledger, row, ChangeType.DELETED, now, command.actor)
    return frozenset(row.id for row in old), len(wanted) - len(old)


def process_due(ledger: Ledger, command: ProcessDue, now: int) -> DueProcessed:
    """Expire a notification or end its snooze, if that is still due: it may have changed meanwhile."""
    row = ledger.row(command.id)
    if row is None or not row.live:
        return DueProcessed(changed=False)
    if row.expire_time <= now:
        remove(ledger, row, ChangeType.EXPIRED, now)
    elif row.snooze_until is not None and row.snooze_until <= now:
        _wake(ledger, row, now)
    else:
        return DueProcessed(changed=False)
    return DueProcessed(changed=True)


def remove(
    ledger: Ledger, row: Notification, why: ChangeType, now: int, actor: Actor | None = None
) -> Notification:
    """Turn a live row into its tombstone, which has no content, and return that.

    Without an actor it is the service that does.
    """
    tombstone = replace(
        row,
        payload=None,
        group_name="",
        category="",
        action_id="",
        priority=Priority.UNSPECIFIED,
        display_time_to_live=None,
        snooze_until=None,
        update_time=now,
        revision=ledger.next_revision,
        removal=why,
        size=0,
        changed_by=SERVICE if actor is None else actor.changed_by,
    )
    return ledger.write(tombstone, why, "" if actor is None else actor.endpoint_id)


def _wake(ledger: Ledger, row: Notification, now: int) -> None:
    revision = ledger.next_revision
    awake = replace(
        row,
        read_state=ReadState.UNREAD,
        user_action_state=UserActionState.NO_INTERACTION,
        action_id="",
        snooze_until=None,
        update_time=now,
        alert_time=now,
        revision=revision,
        alert_revision=revision,
        changed_by=SERVICE,
    )
    ledger.write(awake, ChangeType.STATE_CHANGED)
