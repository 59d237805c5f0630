"""An encoding of rows for stores, to which it must mean nothing: no wire's, and it can be decoded again."""

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
    """Everything but the payload; the same for the same."""
    return json.dumps(asdict(replace(row, payload=None)), default=bytes.hex).encode()


def encoded_row_of(row: Notification, encoded: bytes) -> EncodedRow:
    """The row as a store returns it that keeps this encoding of it."""
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
    """The row that was encoded, with the payload that came; what else came must be what the row says."""
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
