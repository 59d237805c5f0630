"""Reads requests for a page of what changed since a revision; makes and opens their page tokens."""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from unisono.server.api.convert import fields
from unisono.server.api.convert.paging import page_size
from unisono.server.api.convert.violations import Violations
from unisono.server.api.request_context import RequestContext
from unisono.server.core.change_list import ChangesCursor
from unisono.server.core.decide.commands import Actor
from unisono.v1 import notification_service_pb2 as pb

#: A hash of feed, endpoint and changed_after, and a `ChangesCursor`.
_TOKEN: Final = struct.Struct(">8s16sQQ")

#: The fields that go with changed_after. All others are filters.
_TOGETHER: Final = frozenset(("user_id", "endpoint_id", "page_size", "page_token", "changed_after"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesRequest:
    """A validated request for a page of what changed after the revision `after`, of at most `limit`.

    `cursor` says where the page before ended; None: it is the first.
    """

    actor: Actor
    after: int
    cursor: ChangesCursor | None
    limit: int

    def token(self, cursor: ChangesCursor) -> str:
        """Return the page token for the page that goes on at the cursor, as opaque as that of a history."""
        sealed = _TOKEN.pack(_mark(self.actor, self.after), *cursor)
        return base64.urlsafe_b64encode(sealed).decode()


def changes_request(request_context: RequestContext, message: pb.ListNotificationsRequest) -> ChangesRequest:
    """Validate a `ListNotificationsRequest` with `changed_after`.

    Raises InvalidRequest with all bad fields, among them every filter, and a page token of another list.
    Raises PermissionDenied for another user than the device's.
    """
    violations = Violations()
    actor = request_context.reading_actor(violations, message.user_id, message.endpoint_id)
    after = fields.revision(violations, "changed_after", message.changed_after)
    for field, _ in message.ListFields():
        if field.name not in _TOGETHER:
            violations.add(
                field.name, "excludes changed_after: what does not pass it any more would be missing"
            )
    cursor = _opened(violations, message.page_token, _mark(actor, after)) if message.page_token else None
    limit = page_size(violations, message.page_size, request_context)
    violations.check()
    return ChangesRequest(actor=actor, after=after, cursor=cursor, limit=limit)


def _opened(violations: Violations, token: str, mark: bytes) -> ChangesCursor | None:
    try:
        found, *rest = _TOKEN.unpack(base64.b64decode(token, altchars=b"-_", validate=True))
        cursor = ChangesCursor(*rest)
    except (binascii.Error, struct.error, ValueError):
        violations.add("page_token", "is not a page token")
        return None
    if cursor.passed not in fields.REVISIONS or cursor.base not in fields.REVISIONS:
        violations.add("page_token", "is not a page token")
    elif found != mark:
        violations.add("page_token", "was given out for another user or for other filters")
    return cursor


def _mark(actor: Actor, after: int) -> bytes:
    told = repr((*actor.feed, actor.endpoint_id, after)).encode()
    return hashlib.blake2b(told, digest_size=8).digest()
