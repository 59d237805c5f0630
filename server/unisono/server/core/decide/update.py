"""Decides updates: changes of the content of a notification."""

from dataclasses import replace
from typing import Any

from unisono.server.core.decide.commands import Update
from unisono.server.core.decide.ledger import Ledger
from unisono.server.core.decide.preconditions import check_revision, not_found
from unisono.server.core.decide.quotas import check_growth
from unisono.server.core.decide.results import UpdateResult
from unisono.server.core.decide.send import expiry
from unisono.server.errors import PermissionDenied, Reason
from unisono.server.model import ChangeType, Limits, Notification, SenderRole
from unisono.server.model.notification import size_of


def update(ledger: Ledger, command: Update, now: int, limits: Limits) -> UpdateResult:
    """Change the fields in the mask. A new payload rings, unless the update is silent.

    An update to what is there already changes nothing, whatever revision is expected. Raises `NotFound`
    unless the notification is live, `PermissionDenied` (NOT_CREATOR) for another role than its creator's,
    `Aborted` at another revision than expected, `InvalidRequest` as `expiry` does, and `QuotaExceeded`.
    """
    row = ledger.resolve(command.ref, command.actor.role)
    if row is None or not row.live:
        raise not_found()
    _check_creator(row, command.actor.role)
    fields = _new_values(row, command, now, limits)
    if not fields:
        return UpdateResult(notification=row)
    check_revision(row, command.expected_revision)
    if "payload" in fields:
        fields["size"] = size_of(fields["payload"], row.target)
        check_growth(ledger, row, fields["size"], limits)
    revision = ledger.next_revision
    if "payload" in fields:
        fields["content_revision"] = revision
        if not command.silent:
            fields |= {"alert_revision": revision, "alert_time": now}
    change = ChangeType.UPDATED if "payload" in fields else ChangeType.STATE_CHANGED
    by = command.actor.changed_by
    row = replace(row, update_time=now, revision=revision, changed_by=by, **fields)
    return UpdateResult(notification=ledger.write(row, change, command.actor.endpoint_id))


def _new_values(row: Notification, command: Update, now: int, limits: Limits) -> dict[str, Any]:
    """Return the fields of the mask whose value differs, with their new values."""
    new = {name: getattr(command.content, name) for name in command.mask}
    if "expire_time" in new and new["expire_time"] != row.expire_time:
        new["expire_time"] = expiry(new["expire_time"], now, limits)
    return {name: value for name, value in new.items() if value != getattr(row, name)}


def _check_creator(row: Notification, role: SenderRole) -> None:
    if row.sender_role is not role:
        creator = row.sender_role.name.lower()
        raise PermissionDenied(
            Reason.NOT_CREATOR,
            f"the {creator} created this notification and alone may change its content",
            {"creator": creator},
        )
