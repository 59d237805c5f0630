"""Reads requests for a page of the history; makes and opens page tokens."""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from unisono.server.api.convert import fields
from unisono.server.api.convert.violations import Violations
from unisono.server.api.request_context import RequestContext
from unisono.server.core.decide.commands import Actor
from unisono.server.model import ReadState, UserActionState
from unisono.server.store.reads import ListFilter
from unisono.v1 import notification_service_pb2 as pb

#: A hash of feed, endpoint and filters, and the create_revision that the page before reached.
_TOKEN = struct.Struct(">8sQ")

#: The filters that the hash always names. One that came later adds to it only where it is set: a list that is
#: under way while the server is upgraded goes on with its token of before.
_FIRST_FILTERS = ("read_state", "user_action_state", "group_name", "start_time", "end_time", "audience")
_LATER_FILTERS = ("category",)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A validated request for a page: the newest `limit` notifications that pass the filter `where`.

    Only those with a create_revision below `before` count; None: all, which is the first page.
    """

    actor: Actor
    where: ListFilter
    before: int | None
    limit: int

    def token(self, before: int) -> str:
        """Return the page token for the page below the create_revision `before`, with the same filters.

        It is opaque but not secret, and opens only for the same feed, endpoint and filters.
        """
        sealed = _TOKEN.pack(_mark(self.actor, self.where), before)
        return base64.urlsafe_b64encode(sealed).decode()


def page_request(request_context: RequestContext, message: pb.ListNotificationsRequest) -> PageRequest:
    """Validate a `ListNotificationsRequest`.

    Raises InvalidRequest with all bad fields; a page token of another user or of other filters is one. Raises
    PermissionDenied for another user than the device's.
    """
    violations = Violations()
    actor = request_context.reading_actor(violations, message.user_id, message.endpoint_id)
    where = _filter(violations, message, request_context)
    before = _opened(violations, message.page_token, _mark(actor, where)) if message.page_token else None
    limit = page_size(violations, message.page_size, request_context)
    violations.check()
    return PageRequest(actor=actor, where=where, before=before, limit=limit)


def _filter(
    violations: Violations, message: pb.ListNotificationsRequest, request_context: RequestContext
) -> ListFilter:
    group_name, category = (
        fields.identifier(
            violations, name, getattr(message, name), request_context.limits.id_bytes, required=False
        )
        if message.HasField(name)
        else None
        for name in ("group_name", "category")
    )
    start, end = (
        fields.timestamp(violations, name, getattr(message, name)) if message.HasField(name) else None
        for name in ("start_time", "end_time")
    )
    if start is not None and end is not None and end <= start:
        violations.add("end_time", "must be after start_time")
    action = fields.choice(violations, "user_action_state", message.user_action_state, UserActionState)
    return ListFilter(
        read_state=fields.choice(violations, "read_state", message.read_state, ReadState),
        user_action_state=action,
        group_name=group_name,
        category=category,
        start_time=start,
        end_time=end,
    )


def page_size(violations: Violations, wanted: int, request_context: RequestContext) -> int:
    """Return how many to return on a page; 0 means the default. Adds a violation for more than allowed."""
    limit = request_context.limits.page_items
    if not 0 <= wanted <= limit:
        violations.add("page_size", f"must be at least 0 and at most {limit}, is {wanted}")
    return wanted or request_context.limits.page_default_items


def _opened(violations: Violations, token: str, mark: bytes) -> int:
    try:
        found, before = _TOKEN.unpack(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, struct.error, ValueError):
        found, before = b"", -1
    if before not in fields.REVISIONS:
        violations.add("page_token", "is not a page token")
    elif found != mark:
        violations.add("page_token", "was given out for another user or for other filters")
    return int(before)


def _mark(actor: Actor, where: ListFilter) -> bytes:
    whose = repr((*actor.feed, actor.endpoint_id)).removesuffix(")")
    first = ", ".join(f"{name}={getattr(where, name)!r}" for name in _FIRST_FILTERS)
    later = (
        f", {name}={getattr(where, name)!r}" for name in _LATER_FILTERS if getattr(where, name) is not None
    )
    told = f"{whose}, ListFilter({first})){''.join(later)}"
    return hashlib.blake2b(told.encode(), digest_size=8).digest()
