"""SQL that several modules share. Values are always bound, never part of a statement."""

import json
from collections.abc import Iterable
from typing import Any

from unisono.server.model import Audience, SenderRole

FEED = "f.epoch, f.revision, f.floor, f.live, f.size, f.unread, f.endpoints"
"""The columns of a feed in the order of `rows.feed`; `f.targets` says whether there are counts besides."""

STATE = (
    "n.id, n.app_notification_id, n.sender_role, n.fingerprint, n.group_name, n.priority, n.target,"
    " n.display_time_to_live, n.expire_time, n.read_state, n.user_action_state, n.snooze_until,"
    " n.create_time, n.update_time, n.alert_time, n.revision, n.create_revision, n.content_revision,"
    " n.alert_revision, n.removal, n.category, n.action_id,"
    " iif(n.removal IS NULL, length(n.payload) + length(n.target), 0),"
    " iif(n.changed_by_revision = n.revision, n.changed_by, '')"
)

# SQLite knows the length of a payload without reading it.
ROW = f"{STATE}, n.payload"
"""The columns of a notification in the order of `rows.notification`."""
ROW_WITHOUT_PAYLOAD = f"{STATE}, NULL"

ENCODED_ROW = (
    "n.create_revision, n.content_revision, n.alert_revision, n.rings_until, n.removal, n.target, n.kept"
)
"""The columns of `reads.EncodedRow` between the revision, which comes before, and the payload, after them."""

ENDPOINT = (
    "e.endpoint_id, e.platform, e.display_name, e.create_time, e.last_seen_time,"
    " e.acknowledged_revision, e.session_id, e.delete_time, e.may_return, e.registrations,"
    " e.ephemeral_seen_time IS e.last_seen_time"
)
"""The columns of an endpoint in the order of `rows.endpoint`."""

# CASE, because json_each refuses the empty text, and only CASE is sure to skip it.
FOR_ENDPOINT = """CASE n.target WHEN '' THEN 1 ELSE
    :platform IN (SELECT value FROM json_each(n.target, '$[0]'))
    OR :endpoint_id IN (SELECT value FROM json_each(n.target, '$[1]')) END"""
"""A condition: whether n is meant for the endpoint whose values `endpoint` binds."""


# Not escaped, so that a lone surrogate fails when it is bound, like any other invalid text.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def render(statement: str, **parts: str) -> str:
    """Return a statement with constant parts in place of their {names}."""
    return statement.format(**parts)


def assignments(*columns: str) -> str:
    """Return the assignments of an UPDATE, with a value to bind for each column."""
    return ", ".join(f"{column} = ?" for column in columns)


def column_list(*columns: str) -> str:
    """Return the columns of an INSERT."""
    return ", ".join(columns)


def placeholders(*columns: str) -> str:
    """Return a value to bind for each column."""
    return ", ".join("?" for _ in columns)


def endpoint(audience: Audience | None) -> dict[str, Any]:
    """Return the values that `FOR_ENDPOINT` binds; NULL for both without an audience."""
    if audience is None:
        return {"endpoint_id": None, "platform": None}
    return {"endpoint_id": audience.endpoint_id, "platform": int(audience.platform)}


def json_array(values: Iterable[Any]) -> str:
    """Return the values as an array for `json_each`."""
    return _encode(list(values))


ROLES = json_array(map(int, SenderRole))
"""The sender roles, each of which has its own keys."""
