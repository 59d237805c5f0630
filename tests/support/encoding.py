"""Encodes rows for stores in JSON instead of protobuf: stores must not depend on the encoding."""

import json
from dataclasses import asdict, replace
from typing import Any

from unisono.server.model import (
    ChangeType,
    FeedKey,
    Notification,
    ReadState,
    SenderRole,
    TargetPolicy,
    UserActionState,
)
from unisono.server.store.reads import EncodedRow


def encode(row: Notification) -> bytes:
    """Encode all of a row but its payload; equal rows have equal encodings."""
    return json.dumps(asdict(replace(row, payload=None)), default=bytes.hex).encode()


def encoded_row_of(row: Notification, encoded: bytes) -> EncodedRow:
    """Return a row as a store does that has saved this encoding of it."""
    return EncodedRow(
        revision=row.revision,
        create_revision=row.create_revision,
        content_revision=row.content_revision,
        alert_revision=row.alert_revision,
        rings_until=row.rings_until,
        removal=row.removal,
        target=row.target.key,
        encoded=encoded,
        payload=row.payload,
    )


def decoded(row: EncodedRow) -> Notification:
    """Decode a row that a store returned; fails where its other fields differ from the encoded ones."""
    notification = _row(json.loads(row.encoded), row.payload)
    assert row[:-2] == (
        notification.revision,
        notification.create_revision,
        notification.content_revision,
        notification.alert_revision,
        notification.rings_until,
        notification.removal,
        notification.target.key,
    )
    return notification


def _row(values: dict[str, Any], payload: bytes | None) -> Notification:
    removal = values["removal"]
    target = {name: tuple(those) for name, those in values["target"].items()}
    typed = {
        "feed": FeedKey(*values["feed"]),
        "fingerprint": bytes.fromhex(values["fingerprint"]),
        "sender_role": SenderRole(values["sender_role"]),
        "target": TargetPolicy(**target),
        "read_state": ReadState(values["read_state"]),
        "user_action_state": UserActionState(values["user_action_state"]),
        "removal": None if removal is None else ChangeType(removal),
        "payload": payload,
    }
    return Notification(**values | typed)
