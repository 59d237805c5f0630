"""Decides sends: idempotency first, then the expiry and the quotas, then a new row or a rewrite."""

from collections.abc import Iterator
from dataclasses import replace

from unisono.server.core.decide.commands import Send
from unisono.server.core.decide.ledger import Ledger
from unisono.server.core.decide.quotas import check_growth, check_room
from unisono.server.core.decide.removal import remove
from unisono.server.core.decide.results import SendResult
from unisono.server.errors import AlreadyExists, InvalidRequest, Reason
from unisono.server.model import (
    ChangeType,
    Limits,
    Notification,
    ReadState,
    UserActionState,
)
from unisono.server.model.notification import size_of
from unisono.server.store.commit import MAX_DISPLACED


def send(ledger: Ledger, command: Send, now: int, limits: Limits) -> SendResult:
    """Create a notification, or return, rewrite or replace the one that has its key.

    With the same key and content the first one is returned, even if it is gone (Idempotent). A live one with
    other content raises `AlreadyExists`, unless `replace` is set: then it is rewritten in place, or deleted
    for a new one where the target policy differs (proto enum ConflictPolicy). What is created in a full feed
    displaces settled ones first, if the command makes `room`. Raises `InvalidRequest` as
    `expiry` does, and `QuotaExceeded`.
    """
    role, key = command.actor.role, command.key
    same = ledger.keys.with_content(role, key, command.fingerprint)
    if same is not None:
        return SendResult(notification=same, deduplicated=True, endpoints=ledger.endpoints)
    live = ledger.keys.live(role, key)
    if live is not None and not command.replace:
        raise _conflict(live)
    expire_time = expiry(command.content.expire_time, now, limits)
    size = size_of(command.content.payload, command.target)
    if live is not None and live.target == command.target:
        check_growth(ledger, live, size, limits)
        return _rewrite(ledger, live, command, expire_time, size, now)
    may_give_way = _may_give_way(ledger, now) if command.room is not None else ()
    going = check_room(ledger, command.target, size, limits, leaves=live, may_give_way=may_give_way)
    for row in going:
        remove(ledger, row, _reason_to_go(row, now), now)
    if live is not None:
        remove(ledger, live, ChangeType.DELETED, now, command.actor)
    displaced = tuple(row.id for row in going if row.expire_time > now)
    return _create(ledger, command, expire_time, size, displaced, now)


def _may_give_way(ledger: Ledger, now: int) -> Iterator[Notification]:
    """Yield what may give way, in this order: what has expired, then the oldest of what is settled."""
    yield from ledger.expired(now)
    yield from (row for row in ledger.settled.oldest(MAX_DISPLACED) if row.expire_time > now)


def _reason_to_go(row: Notification, now: int) -> ChangeType:
    return ChangeType.EXPIRED if row.expire_time <= now else ChangeType.DISPLACED


def expiry(requested: int | None, now: int, limits: Limits) -> int:
    """Return the expire time, in milliseconds since 1970; None requests the default.

    Raises `InvalidRequest` when it is not in the future, or further ahead than `expire_after_max`.
    """
    if requested is None:
        return now + limits.expire_after_default
    if requested <= now:
        raise InvalidRequest.of("expire_time", "must be in the future")
    if requested > now + limits.expire_after_max:
        days = limits.expire_after_max / 86_400_000
        raise InvalidRequest.of("expire_time", f"must be at most {days:g} days ahead")
    return requested


def _create(
    ledger: Ledger, command: Send, expire_time: int, size: int, displaced: tuple[str, ...], now: int
) -> SendResult:
    revision = ledger.next_revision
    content = command.content
    row = Notification(
        feed=command.actor.feed,
        id=command.new_id,
        app_notification_id=command.key,
        sender_role=command.actor.role,
        fingerprint=command.fingerprint,
        group_name=content.group_name,
        category=content.category,
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
        alert_revision=0 if command.silent else revision,
        size=size,
        changed_by=command.actor.changed_by,
    )
    ledger.write(row, ChangeType.CREATED, command.actor.endpoint_id)
    return SendResult(notification=row, displaced=displaced, endpoints=ledger.endpoints)


def _rewrite(
    ledger: Ledger, live: Notification, command: Send, expire_time: int, size: int, now: int
) -> SendResult:
    revision = ledger.next_revision
    content = command.content
    row = replace(
        live,
        fingerprint=command.fingerprint,
        group_name=content.group_name,
        category=content.category,
        payload=content.payload,
        priority=content.priority,
        display_time_to_live=content.display_time_to_live,
        expire_time=expire_time,
        read_state=ReadState.UNREAD,
        user_action_state=UserActionState.NO_INTERACTION,
        action_id="",
        snooze_until=None,
        update_time=now,
        alert_time=now,
        revision=revision,
        content_revision=revision,
        alert_revision=0 if command.silent else revision,
        size=size,
        changed_by=command.actor.changed_by,
    )
    ledger.write(row, ChangeType.UPDATED, command.actor.endpoint_id)
    return SendResult(notification=row, endpoints=ledger.endpoints)


def _conflict(live: Notification) -> AlreadyExists:
    return AlreadyExists(
        Reason.KEY_CONFLICT,
        "a live notification has this app_notification_id and other content; "
        "send with CONFLICT_POLICY_REPLACE to rewrite it",
        {"notification_id": live.id},
    )
