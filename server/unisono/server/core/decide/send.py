"""What a send does: idempotency first, then the clock and the quota, then a new row or a rewrite."""

from dataclasses import replace

from unisono.server.core.decide.commands import Send
from unisono.server.core.decide.ledger import Ledger
from unisono.server.core.decide.removal import remove
from unisono.server.core.decide.results import Sent
from unisono.server.errors import AlreadyExists, InvalidRequest, QuotaExceeded, Reason
from unisono.server.model import (
    ChangeType,
    Limits,
    Notification,
    ReadState,
    UserActionState,
)


def send(ledger: Ledger, command: Send, now: int, limits: Limits) -> Sent:
    """Create, deduplicate, replace or refuse (the contract, section 4)."""
    same_key = ledger.with_key(command.actor.role, command.key) if command.key else []
    for row in same_key:
        if row.fingerprint == command.fingerprint:
            return Sent(notification=row, deduplicated=True)
    live = next((row for row in same_key if row.live), None)
    if live is not None and not command.replace:
        raise _conflict(live)
    expire_time = expiry(command.content.expire_time, now, limits)
    if live is None:
        _check_quota(ledger, command, limits)
        return _create(ledger, command, expire_time, now)
    if live.target == command.target:
        return _rewrite(ledger, live, command, expire_time, now)
    remove(ledger, live, ChangeType.DELETED, now, command.actor.endpoint_id)
    return _create(ledger, command, expire_time, now)


def expiry(requested: int | None, now: int, limits: Limits) -> int:
    """When it will expire; raises InvalidRequest when that is past or too far ahead."""
    if requested is None:
        return now + limits.expire_after_default
    if requested <= now:
        raise InvalidRequest.of("expire_time", "must be in the future")
    if requested > now + limits.expire_after_max:
        days = limits.expire_after_max / 86_400_000
        raise InvalidRequest.of("expire_time", f"must be at most {days:g} days ahead")
    return requested


def _create(ledger: Ledger, command: Send, expire_time: int, now: int) -> Sent:
    revision = ledger.next_revision
    content = command.content
    row = Notification(
        feed=command.actor.feed,
        id=command.new_id,
        app_notification_id=command.key,
        sender_role=command.actor.role,
        fingerprint=command.fingerprint,
        group_name=content.group_name,
        payload=content.payload,
        priority=content.priority,
        target=command.target,
        display_time_to_live=content.display_time_to_live,
        expire_time=expire_time,
        create_time=now,
        update_time=now,
        alert_time=now,
        revision=revision,
        create_revision=revision,
        content_revision=revision,
        alert_revision=revision,
    )
    ledger.write(row, ChangeType.CREATED, command.actor.endpoint_id)
    return Sent(notification=row)


def _rewrite(ledger: Ledger, live: Notification, command: Send, expire_time: int, now: int) -> Sent:
    revision = ledger.next_revision
    content = command.content
    row = replace(
        live,
        fingerprint=command.fingerprint,
        group_name=content.group_name,
        payload=content.payload,
        priority=content.priority,
        display_time_to_live=content.display_time_to_live,
        expire_time=expire_time,
        read_state=ReadState.UNREAD,
        user_action_state=UserActionState.NO_INTERACTION,
        snooze_until=None,
        update_time=now,
        alert_time=now,
        revision=revision,
        content_revision=revision,
        alert_revision=revision,
    )
    ledger.write(row, ChangeType.UPDATED, command.actor.endpoint_id)
    return Sent(notification=row)


def _conflict(live: Notification) -> AlreadyExists:
    return AlreadyExists(
        Reason.KEY_CONFLICT,
        "a live notification has this app_notification_id and other content; "
        "send with CONFLICT_POLICY_REPLACE to rewrite it",
        {"notification_id": live.id},
    )


def _check_quota(ledger: Ledger, command: Send, limits: Limits) -> None:
    limit = limits.live_notifications_per_feed
    if ledger.live >= limit:
        raise QuotaExceeded(
            Reason.LIVE_NOTIFICATIONS_EXCEEDED,
            f"the feed holds {limit} live notifications, which is the limit; "
            "delete some, or wait until some expire",
            subject=f"user:{command.actor.feed.user_id}",
            limit=limit,
        )
