"""Decides marks: changes of the state of one or many notifications."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from unisono.server.core.decide.commands import Mark, Ref, StatePatch
from unisono.server.core.decide.ledger import Ledger
from unisono.server.core.decide.preconditions import check_revision
from unisono.server.core.decide.results import MarkStep
from unisono.server.core.decide.selection import distinct, named, step
from unisono.server.errors import InvalidRequest
from unisono.server.model import ChangeType, Notification, UserActionState
from unisono.server.store.commit import Scanned


def mark(ledger: Ledger, command: Mark, scanned: Scanned, now: int) -> MarkStep:
    """Change the state of what the references name, or of one step of what a scan found.

    What has the state already is neither changed nor skipped. What has another `action_id` keeps it, with
    its `user_action_state`, and counts as skipped. A single reference raises `Aborted` at another revision
    than expected, and `InvalidRequest` when the notification expires before `snooze_until`, unless it has
    the state already.
    """
    if command.begun_elsewhere(ledger.epoch):
        return MarkStep(changed=0, skipped=0, feed=ledger.feed, not_found=command.refs)
    if command.scan is not None:
        rows, resume_after = step(ledger, command.scan, scanned)
        return _apply(ledger, command, rows, now, resume_after=resume_after)
    found = named(ledger, command)
    rows = distinct(row for row in found.values() if row is not None and row.live)
    if rows and len(command.refs) == 1:
        _check_single(rows[0], command)
    missing = tuple(ref for ref, row in found.items() if row is None or not row.live)
    return _apply(ledger, command, rows, now, not_found=missing)


def new_state(row: Notification, patch: StatePatch) -> dict[str, Any]:
    """Return the fields that the patch changes in a row, with their new values; empty if there are none."""
    new: dict[str, Any] = {}
    if patch.read_state is not None:
        new["read_state"] = patch.read_state
    if patch.user_action_state is not None and not _acted_otherwise(row, patch):
        new["user_action_state"] = patch.user_action_state
        new["snooze_until"] = patch.snooze_until
        stays = patch.user_action_state is UserActionState.ACTIVATED and not patch.action_id
        new["action_id"] = row.action_id if stays else patch.action_id
    return {name: value for name, value in new.items() if value != getattr(row, name)}


def _acted_otherwise(row: Notification, patch: StatePatch) -> bool:
    """Return whether the user has chosen another action before: the first one stays."""
    return bool(patch.action_id and row.action_id) and patch.action_id != row.action_id


def _apply(
    ledger: Ledger,
    command: Mark,
    rows: Sequence[Notification],
    now: int,
    not_found: tuple[Ref, ...] = (),
    resume_after: int | None = None,
) -> MarkStep:
    changed = skipped = 0
    by = command.actor.changed_by
    for row in rows:
        fields, other = new_state(row, command.patch), _acted_otherwise(row, command.patch)
        if not (fields or other):
            continue
        alone = command.is_newer(row) or _expires_first(row, command.patch)
        if alone or other:
            skipped += 1
        else:
            changed += 1
        if fields and not alone:
            revision = ledger.next_revision
            row = replace(row, update_time=now, revision=revision, changed_by=by, **fields)
            ledger.write(row, ChangeType.STATE_CHANGED, command.actor.endpoint_id)
    return MarkStep(
        changed=changed,
        skipped=skipped,
        feed=ledger.feed,
        not_found=not_found,
        resume_after=resume_after,
    )


def _expires_first(row: Notification, patch: StatePatch) -> bool:
    snoozed = patch.user_action_state is UserActionState.SNOOZED
    return snoozed and patch.snooze_until is not None and patch.snooze_until >= row.expire_time


def _check_single(row: Notification, command: Mark) -> None:
    if not new_state(row, command.patch) and not _acted_otherwise(row, command.patch):
        return
    check_revision(row, command.expected_revision)
    if _expires_first(row, command.patch):
        raise InvalidRequest.of("snooze_until", "the snooze must end before the notification's expire_time")
