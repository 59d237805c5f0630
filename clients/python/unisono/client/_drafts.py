"""Builds the request of a send from what its sender gives."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from unisono.client import _arguments, _convert
from unisono.client._model import Action, BodyFormat, Platform, Priority
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import CONFLICT_POLICY_REPLACE, SendNotificationRequest

Draft = SendNotificationRequest


class PayloadContent(TypedDict, total=False):
    """The keywords of a payload, which sends and patches share; `Content` describes them."""

    title: str
    body: str
    link: str
    icon_url: str
    image_url: str
    actions: Iterable[Action]
    format: BodyFormat
    raw_content: bytes
    data: Mapping[str, str]


class Content(PayloadContent, total=False):
    """The keywords of a send: content, key, audience, lifetime. `title`, `raw_content` or `data` is needed.

    title, body: text for a device to show; at most 1 KiB and 8 KiB. Whatever else is shown needs a title.
    link: what opens when the person activates it, such as an address of the web, `mailto:` or the app's own;
        at most 2 KiB. What runs code or reads the device, such as `javascript:` and `file:`, is refused.
    icon_url, image_url: a picture of who sends, and one of the content: https and a host.
    actions: what the person may do at once, at most 4.
    format: how the body is meant; plain text if left out.
    raw_content: bytes for the app alone; at most 32 KiB.
    data: texts for the app by name; at most 32 with keys of at most 128 bytes, and 4 KiB together.
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
        payload=payload(content),
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


def payload(content: PayloadContent) -> pb.Payload | None:
    """Return the payload of a send or a patch; None where no part of it is given.

    Raises `TypeError` for a wrong type in `actions` or `data`.
    """
    if not content.keys() & PayloadContent.__annotations__.keys():
        return None
    wire = pb.Payload(
        raw_content=content.get("raw_content", b""),
        data=_arguments.check_texts("data", content.get("data", {})),
    )
    visual = _visual_content(content)
    if visual.ByteSize() or "title" in content or "body" in content:
        wire.visual_content.CopyFrom(visual)
    return wire


def _visual_content(content: PayloadContent) -> pb.VisualContent:
    actions = _arguments.check_each("actions", content.get("actions", ()), Action)
    return pb.VisualContent(
        title=content.get("title", ""),
        body=content.get("body", ""),
        link=content.get("link", ""),
        icon_url=content.get("icon_url", ""),
        image_url=content.get("image_url", ""),
        actions=[_action(f"actions[{index}]", action) for index, action in enumerate(actions)],
        format=_convert.body_format_number(content.get("format", BodyFormat.UNSPECIFIED)),
    )


def _action(name: str, action: Action) -> pb.Action:
    for field in fields(action):
        _arguments.check(f"{name}.{field.name}", getattr(action, field.name), str)
    return pb.Action(action_id=action.action_id, label=action.label, link=action.link)
