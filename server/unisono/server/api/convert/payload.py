"""Validates the payload of a send or a patch, and encodes it."""

from collections.abc import Mapping, Sequence

from unisono.server.api.convert import fields, links
from unisono.server.api.convert.payload_encoding import encode_payload
from unisono.server.api.convert.violations import Violations
from unisono.server.model import BodyFormat, Limits
from unisono.server.model.limits import ACTION_BYTES, ACTIONS, DATA_ENTRIES, DATA_KEY_BYTES
from unisono.v1 import notification_pb2 as pb

#: The fields that are links, and what each has to be.
_LINKS = {"link": links.link, "icon_url": links.picture, "image_url": links.picture}


def payload(violations: Violations, field: str, message: pb.Payload, limits: Limits) -> bytes:
    """Validate a payload, and return its canonical encoding, which is the same for equal payloads.

    A payload has visual content with a title, raw content, data, or several of them. Violations are added
    below the path `field`; with any, nothing is encoded.
    """
    raw, data = message.raw_content, message.data
    if raw:
        fields.sized(violations, f"{field}.raw_content", len(raw), limits.raw_content_bytes)
    if data:
        _data(violations, f"{field}.data", data, limits.data_bytes)
    if message.HasField("visual_content"):
        _visual_content(violations, f"{field}.visual_content", message.visual_content, limits)
    elif not raw and not data:
        violations.add(field, "must have visual_content, raw_content or data")
    return b"" if violations else encode_payload(message)


def _visual_content(violations: Violations, field: str, message: pb.VisualContent, limits: Limits) -> None:
    fields.caption(violations, f"{field}.title", message.title, limits.title_bytes)
    if body := message.body:
        fields.text(violations, f"{field}.body", body, limits.body_bytes)
    for name, check in _LINKS.items():
        if link := getattr(message, name):
            check(violations, f"{field}.{name}", link, limits.link_bytes)
    if message.actions:
        _actions(violations, f"{field}.actions", message.actions, limits.link_bytes)
    if message.format:
        fields.choice(violations, f"{field}.format", message.format, BodyFormat)


def _actions(violations: Violations, field: str, actions: Sequence[pb.Action], link_bytes: int) -> None:
    known = set[str]()
    for index, action in enumerate(fields.members_at_most(violations, field, actions, ACTIONS)):
        path, id_ = f"{field}[{index}]", action.action_id
        fields.identifier(violations, f"{path}.action_id", id_, ACTION_BYTES, required=True)
        if id_ in known:
            violations.add(f"{path}.action_id", "is that of an action before it")
        known.add(id_)
        fields.caption(violations, f"{path}.label", action.label, ACTION_BYTES)
        if action.link:
            links.link(violations, f"{path}.link", action.link, link_bytes)


def _data(violations: Violations, field: str, data: Mapping[str, str], limit: int) -> None:
    """Validate the texts for the app: first how many there are, then their size, then what is in them.

    No key is in what is said of it, as that is logged.
    """
    if len(data) > DATA_ENTRIES:
        violations.add(field, f"must have at most {DATA_ENTRIES} members")
        return
    keys = list(map(fields.size_of, data))
    size = sum(keys) + sum(map(fields.size_of, data.values()))
    if fields.sized(violations, field, size, limit):
        if not all(keys):
            violations.add(field, "must not have an empty key")
        if max(keys) > DATA_KEY_BYTES:
            violations.add(field, f"must have keys of at most {DATA_KEY_BYTES} bytes")
        if fields.CONTROL.search("".join(data)):
            violations.add(field, "must not have control characters in keys")
        if any("\x00" in text for text in data.values()):
            violations.add(field, "must not have U+0000 in texts")
