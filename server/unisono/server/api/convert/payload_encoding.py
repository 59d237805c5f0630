"""Encodes payloads by hand, so that equal ones are the same bytes, whoever encoded them before.

Protobuf promises no order of fields, and none of the entries of a map: Go sends a map in another order each
time. Fields are in the order of their numbers, and what is empty is left out, as is what is unknown.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from unisono.server.api.convert.protowire import VARINT, string_field, tag, varint
from unisono.v1 import notification_pb2 as pb


def encode_payload(message: pb.Payload) -> bytes:
    """Return the canonical encoding of a payload; a visual content is in it even where it is empty."""
    encoded = b""
    if message.HasField("visual_content"):
        encoded = _field(_VISUAL, _visual(message.visual_content))
    if raw := message.raw_content:
        encoded += _field(_RAW, raw)
    # Looked at first: nearly all payloads have none.
    if data := message.data:
        encoded += b"".join(_data(data))
    return encoded


def _visual(message: pb.VisualContent) -> bytes:
    encoded = (
        string_field(_TITLE, message.title)
        + string_field(_BODY, message.body)
        + string_field(_LINK, message.link)
        + string_field(_ICON, message.icon_url)
        + string_field(_IMAGE, message.image_url)
    )
    if actions := message.actions:
        encoded += b"".join(_field(_ACTIONS, _action(action)) for action in actions)
    if format_ := message.format:
        encoded += _FORMAT + varint(format_)
    return encoded


def _action(message: pb.Action) -> bytes:
    return (
        string_field(_ACTION_ID, message.action_id)
        + string_field(_LABEL, message.label)
        + string_field(_ACTION_LINK, message.link)
    )


def _data(data: Mapping[str, str]) -> Iterable[bytes]:
    """Return the entries, by the bytes of their keys; as in protobuf, each has a key and a value."""
    for key, text in sorted((key.encode(), text.encode()) for key, text in data.items()):
        entry = _DATA_KEY + varint(len(key)) + key + _DATA_VALUE + varint(len(text)) + text
        yield _DATA + varint(len(entry)) + entry


def _field(tag: bytes, value: bytes) -> bytes:
    return tag + varint(len(value)) + value


_VISUAL: Final = tag(pb.Payload.VISUAL_CONTENT_FIELD_NUMBER)
_RAW: Final = tag(pb.Payload.RAW_CONTENT_FIELD_NUMBER)
_DATA: Final = tag(pb.Payload.DATA_FIELD_NUMBER)
#: The fields of an entry of any map (protobuf's encoding guide, "Maps").
_DATA_KEY: Final = tag(1)
_DATA_VALUE: Final = tag(2)
_TITLE: Final = tag(pb.VisualContent.TITLE_FIELD_NUMBER)
_BODY: Final = tag(pb.VisualContent.BODY_FIELD_NUMBER)
_LINK: Final = tag(pb.VisualContent.LINK_FIELD_NUMBER)
_ICON: Final = tag(pb.VisualContent.ICON_URL_FIELD_NUMBER)
_IMAGE: Final = tag(pb.VisualContent.IMAGE_URL_FIELD_NUMBER)
_ACTIONS: Final = tag(pb.VisualContent.ACTIONS_FIELD_NUMBER)
_FORMAT: Final = tag(pb.VisualContent.FORMAT_FIELD_NUMBER, VARINT)
_ACTION_ID: Final = tag(pb.Action.ACTION_ID_FIELD_NUMBER)
_LABEL: Final = tag(pb.Action.LABEL_FIELD_NUMBER)
_ACTION_LINK: Final = tag(pb.Action.LINK_FIELD_NUMBER)
