"""Decides marks: changes of the state of one or many notifications."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from unisono.server.core.decide.commands import Mark, Ref, StatePatch
from unisono.server.core.decide.ledger import Ledger
from unisono.server.core.decide.preconditions import check_revision, not_found
from unisono.server.core.decide.results import MarkStep
from unisono.server.errors import InvalidRequest
from unisono.server.model import ChangeType, Notification, UserActionState
from unisono.server.store.commit import Scan, Scanned


def mark(ledger: Ledger, command: Mark, scanned: Scanned, now: int) -> MarkStep:
    """Change the state of what the references name, or of one step of what a scan found.

    What has the state already is neither changed nor skipped. What has another `action_id` keeps it, with
    its `user_action_state`, and counts as skipped. Raises `NotFound` when no reference names
    anything live. A single reference raises `Aborted` at another revision than expected, and
    `InvalidRequest` when the notification expires before `snooze_until`, unless it has the state already.
    """
    if command.scan is not None:
        rows, resume_after = _step(ledger, command.scan, scanned)
        return _apply(ledger, command, rows, now, resume_after=resume_after)
    rows, missing = _named(ledger, command)
    if not rows:
        raise not_found()
    if len(command.refs) == 1:
        _check_single(rows[0], command)
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


def _named(ledger: Ledger, command: Mark) -> tuple[list[Notification], tuple[Ref, ...]]:
    """Return the live rows that are named, each once, and the references that name none."""
    found: dict[str, Notification] = {}
    missing: list[Ref] = []
    for ref in command.refs:
        row = ledger.resolve(ref, command.actor.role)
        if row is not None and row.live:
            found[row.id] = row
        else:
            missing.append(ref)
    return list(found.values()), tuple(missing)


def _step(ledger: Ledger, scan: Scan, scanned: Scanned) -> tuple[list[Notification], int | None]:
    """Return the rows of one step of a scan, as they are now, and where the next step begins.

    Commands before this one in the batch may have created, moved or removed rows since the scan. What they
    created comes after everything that was there.
    """
    created: Sequence[Notification] = ()
    resume_after = scanned.resume_after
    if resume_after is None:
        created = ledger.created(scan.after, scan.limit)
        resume_after = created[-1].create_revision if len(created) == scan.limit else None
    until = scan.until if resume_after is None else min(scan.until, resume_after)
    moved = () if scan.group_name is None else ledger.moved_into(scan.group_name)
    ids = dict.fromkeys(chain(scanned.ids, moved, (row.id for row in created)))
    rows = [row for row in map(ledger.row, ids) if row is not None and _scanned(row, scan, until)]
    rows.sort(key=lambda row: row.create_revision)
    if len(rows) > scan.limit:
        resume_after = rows[scan.limit - 1].create_revision
    return rows[: scan.limit], resume_after


def _scanned(row: Notification, scan: Scan, until: int) -> bool:
    return (
        row.live
        and scan.after < row.create_revision <= until
        and scan.group_name in (None, row.group_name)
        and (scan.audience is None or row.target.includes(scan.audience))
    )


def _apply(
    ledger: Ledger,
    command: Mark,
    rows: Sequence[Notification],
    now: int,
    not_found: tuple[Ref, ...] = (),
    resume_after: int | None = None,
) -> MarkStep:
    changed = skipped = 0
    for row in rows:
        fields, other = new_state(row, command.patch), _acted_otherwise(row, command.patch)
        if not (fields or other):
            continue
        alone = _left_alone(row, command)
        if alone or other:
            skipped += 1
        else:
            changed += 1
        if fields and not alone:
            row = replace(row, update_time=now, revision=ledger.next_revision, **fields)
            ledger.write(row, ChangeType.STATE_CHANGED, command.actor.endpoint_id)
    return MarkStep(
        changed=changed,
        skipped=skipped,
        feed=ledger.feed,
        not_found=not_found,
        resume_after=resume_after,
    )


def _left_alone(row: Notification, command: Mark) -> bool:
    newest = max(row.content_revision, row.alert_revision)
    unseen = command.up_to_revision is not None and newest > command.up_to_revision
    return unseen or _expires_first(row, command.patch)


def _expires_first(row: Notification, patch: StatePatch) -> bool:
    snoozed = patch.user_action_state is UserActionState.SNOOZED
    return snoozed and patch.snooze_until is not None and patch.snooze_until >= row.expire_time


def _check_single(row: Notification, command: Mark) -> None:
    if not new_state(row, command.patch) and not _acted_otherwise(row, command.patch):
        return
    check_revision(row, command.expected_revision)
    if _expires_first(row, command.patch):
        raise InvalidRequest.of("snooze_until", "the snooze must end before the notification's expire_time")
