"""Makes requests of what a sender told, cut to the limits of a feed: it could not do anything about them.

What a device must not open or load is left out.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from unisono.server.api.convert import links
from unisono.server.api.convert.fields import CONTROL, is_seen, size_of
from unisono.server.api.convert.violations import Violations
from unisono.server.api.hooks.event import News
from unisono.server.model import Limits
from unisono.server.model.limits import DATA_ENTRIES, DATA_KEY_BYTES
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

_CUT: Final = "…"
_UNTITLED: Final = "(untitled)"


def send_request(user_id: str, news: News, limits: Limits) -> service_pb.SendNotificationRequest:
    """Return the request that sends news to a user."""
    title = shortened(news.title, limits.title_bytes)
    visual = pb.VisualContent(
        title=title if is_seen(title) else _UNTITLED,
        body=shortened(news.body, limits.body_bytes),
        link=news.link if links.link(Violations(), "", news.link, limits.link_bytes) else "",
        icon_url=_picture(news.icon_url, limits),
        image_url=_picture(news.image_url, limits),
    )
    replace = service_pb.CONFLICT_POLICY_REPLACE
    return service_pb.SendNotificationRequest(
        user_id=user_id,
        app_notification_id=key_of(news.key, limits),
        on_conflict=replace if news.replaces else service_pb.CONFLICT_POLICY_UNSPECIFIED,
        group_name=_name(news.group, limits.id_bytes),
        category=_name(news.category, limits.id_bytes),
        payload=pb.Payload(visual_content=visual, data=_data(news.data, limits)),
        priority=pb.Priority.ValueType(news.priority),
        silent=news.silent,
    )


def mark_read_request(user_id: str, key: str, limits: Limits) -> service_pb.MarkNotificationsRequest:
    """Return the request that marks what has a key as read."""
    ref = pb.NotificationRef(app_notification_id=key_of(key, limits))
    return service_pb.MarkNotificationsRequest(
        user_id=user_id,
        references=service_pb.NotificationRefs(refs=[ref]),
        read_state=pb.READ_STATE_READ,
    )


def key_of(key: str, limits: Limits) -> str:
    """Return the key itself where it can be one, and else its SHA-256, so that equal ones stay equal."""
    if size_of(key) <= limits.id_bytes and not CONTROL.search(key):
        return key
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"[: limits.id_bytes]


def shortened(text: str, most: int) -> str:
    """Return a text without U+0000, cut to `most` bytes of UTF-8; one that is cut ends with "…"."""
    text = text.replace("\x00", "")
    if size_of(text) <= most:
        return text
    kept = text[:most].encode()[: max(most - len(_CUT.encode()), 0)].decode(errors="ignore")
    return kept + _CUT if most >= len(_CUT.encode()) else ""


def _name(text: str, most: int) -> str:
    return shortened(CONTROL.sub("", text), most)


def _picture(url: str, limits: Limits) -> str:
    return url if links.picture(Violations(), "", url, limits.link_bytes) else ""


def _data(data: Mapping[str, str], limits: Limits) -> dict[str, str]:
    """Return the entries that fit, each as a whole or not at all."""
    kept: dict[str, str] = {}
    room = limits.data_bytes
    for name, text in data.items():
        size = size_of(name) + size_of(text)
        fits = name and size_of(name) <= DATA_KEY_BYTES and not CONTROL.search(name) and "\x00" not in text
        if fits and size <= room and len(kept) < DATA_ENTRIES:
            kept[name] = text
            room -= size
    return kept
