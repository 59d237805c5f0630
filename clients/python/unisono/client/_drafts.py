"""Builds the request of a send from what its sender gives."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from unisono.client import _arguments, _convert
from unisono.client._model import Platform, Priority
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import CONFLICT_POLICY_REPLACE, SendNotificationRequest

Draft = SendNotificationRequest


class Content(TypedDict, total=False):
    """The keywords of a send: content, key, audience and lifetime. `title` or `raw_content` is needed.

    title, body: text for a device to show; at most 1 KiB and 8 KiB. A body needs a title.
    raw_content: bytes for the app alone; at most 32 KiB.
    app_notification_id: the sender's own key, at most 256 bytes; repeating a send with the same key and
        content stores it once (Idempotent). Left out, each send has a new, random one.
    replace: rewrite a live notification that has this key, which becomes unread and rings, unless `silent`;
        without it, other content under the key of a live one raises `KeyConflict`.
    silent: do not ring; it counts as unread as any other, and a later change that is not silent rings.
    group_name: for grouping, and for marking a group at once; at most 256 bytes.
    category: what kind of notification it is, for apps to filter and to present by; at most 256 bytes.
    priority: a hint for push.
    platforms, endpoint_ids: the endpoints it is meant for, those that either lists; at most 100 ids.
        Without both, every device of the user.
    display_time_to_live: how long a device should show and ring it; more than zero, at most 30 days.
    expire_time: an aware datetime in the future, at most 30 days ahead; left out, in 7 days.
    endpoint_id: the device that sends, where the token is a user's; left out by publishers.

    Limits are the server's defaults.
    """

    title: str
    body: str
    raw_content: bytes
    app_notification_id: str
    replace: bool
    silent: bool
    group_name: str
    category: str
    priority: Priority
    platforms: Iterable[Platform]
    endpoint_ids: Iterable[str]
    display_time_to_live: timedelta
    expire_time: datetime
    endpoint_id: str


def draft(user_id: str, **content: Unpack[Content]) -> Draft:
    """Return a notification to be sent with `Publisher.batch`. For its keywords see `Content`.

    A draft has its key from here on, so sending the same draft again stores it once. Raises `TypeError` for a
    wrong name or type, and `InvalidRequest` for a time without a zone; the server checks the rest.
    """
    _arguments.check("user_id", user_id, str)
    _arguments.check_options(content, Content)
    request = Draft(
        user_id=user_id,
        endpoint_id=content.get("endpoint_id", ""),
        app_notification_id=content.get("app_notification_id") or _new_key(),
        group_name=content.get("group_name", ""),
        category=content.get("category", ""),
        payload=payload(content.get("title"), content.get("body"), content.get("raw_content")),
        priority=_convert.priority_number(content.get("priority", Priority.UNSPECIFIED)),
        display_time_to_live=_convert.duration(content.get("display_time_to_live")),
        expire_time=_convert.timestamp("expire_time", content.get("expire_time")),
        silent=content.get("silent", False),
    )
    if content.get("replace"):
        request.on_conflict = CONFLICT_POLICY_REPLACE
    platforms = _arguments.check_each("platforms", content.get("platforms", ()), Platform)
    endpoint_ids = _arguments.check_each("endpoint_ids", content.get("endpoint_ids", ()), str)
    if platforms or endpoint_ids:
        request.target_policy.platforms.extend(map(_convert.platform_number, platforms))
        request.target_policy.endpoint_ids.extend(endpoint_ids)
    return request


def keyed(request: Draft) -> Draft:
    """Return the draft if it has a key, or else a copy with a random one, so that repeating it is safe.

    Raises `TypeError` for what is not a `Draft`.
    """
    _arguments.check("drafts", request, Draft)
    if request.app_notification_id:
        return request
    copy = Draft(app_notification_id=_new_key())
    copy.MergeFrom(request)
    return copy


def _new_key() -> str:
    return secrets.token_hex(16)


def payload(title: str | None, body: str | None, raw_content: bytes | None) -> pb.Payload | None:
    """Return the payload of these parts; None when all three are None."""
    if title is None and body is None and raw_content is None:
        return None
    wire = pb.Payload(raw_content=raw_content or b"")
    if title is not None or body is not None:
        wire.visual_content.title, wire.visual_content.body = title or "", body or ""
    return wire
