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
from unisono.server.store.reads import Told


def encode(row: Notification) -> bytes:
    """Everything but the payload; the same for the same."""
    return json.dumps(asdict(replace(row, payload=None)), default=bytes.hex).encode()


def told_of(row: Notification, kept: bytes) -> Told:
    """What a store that keeps this encoding of a row says of it."""
    return Told(
        revision=row.revision,
        create_revision=row.create_revision,
        content_revision=row.content_revision,
        alert_revision=row.alert_revision,
        rings_until=row.rings_until,
        removal=row.removal,
        target=row.target.key,
        kept=kept,
        payload=row.payload,
    )


def decoded(told: Told) -> Notification:
    """The row that was encoded, with the payload that came; what else came must be what the row says."""
    row = _row(json.loads(told.kept), told.payload)
    assert told[:-2] == (
        row.revision,
        row.create_revision,
        row.content_revision,
        row.alert_revision,
        row.rings_until,
        row.removal,
        row.target.key,
    )
    return row


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
