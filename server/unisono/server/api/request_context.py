"""The context of one authenticated call: who calls, and which feed and endpoint it may name."""

from collections.abc import Callable

from unisono.server.api.call_log import CallRecord
from unisono.server.api.convert.fields import identifier
from unisono.server.api.convert.violations import Violations
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.bars import Bars
from unisono.server.core.decide.commands import Actor
from unisono.server.errors import PermissionDenied, Reason
from unisono.server.fair_queue import Owner
from unisono.server.model import FeedKey, Limits, SenderRole
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """An authenticated call.

    `now` is the wall clock when its request had arrived, in milliseconds since 1970; `request_id` is as in
    the log and in the trailing metadata; `peer` returns the address of the caller, as gRPC has it;
    `transport` names what carries the call; `record` has what the log tells of it, or is None.
    """

    principal: Principal
    role: Role
    request_id: str
    peer: Callable[[], str]
    now: int
    limits: Limits
    bars: Bars
    transport: str = ""
    record: CallRecord | None = None

    @property
    def sender_role(self) -> SenderRole:
        """The role that notifications of this caller are created in."""
        return SenderRole.PUBLISHER if self.role is Role.PUBLISHER else SenderRole.USER

    @property
    def owner(self) -> Owner:
        """The owner of the call's work in fair queues: the app and its user, "" for a publisher (Fair)."""
        return self.principal.app_id, self.principal.user_id

    def feed(self, violations: Violations, user_id: str) -> FeedKey:
        """Return the feed that a request is about, by its `user_id`.

        As `deletable_feed`, but also raises FailedPrecondition (FEED_BARRED) for a user who is barred.
        """
        feed = self.deletable_feed(violations, user_id)
        self.bars.check(feed)
        return feed

    def deletable_feed(self, violations: Violations, user_id: str) -> FeedKey:
        """Return the feed that a request is about, by its `user_id`, whether or not that user is barred.

        A publisher has to name the user, or a violation is added; a device may leave it out. Raises
        PermissionDenied (USER_MISMATCH) when a device names another user (Isolated).
        """
        if self.role is Role.PUBLISHER:
            identifier(violations, "user_id", user_id, self.limits.id_bytes, required=True)
            return FeedKey(self.principal.app_id, user_id)
        if user_id not in ("", self.principal.user_id):
            raise PermissionDenied(
                Reason.USER_MISMATCH,
                "user_id must be empty or the user of the access token",
                about={**self.principal.names, "target_user": user_id},
            )
        return FeedKey(self.principal.app_id, self.principal.user_id)

    def reading_actor(self, violations: Violations, user_id: str, endpoint_id: str = "") -> Actor:
        """Return the actor of a request that reads, which may name any endpoint of the user, or none.

        Adds violations of `user_id` and `endpoint_id`. Raises PermissionDenied as `feed` does.
        """
        identifier(violations, "endpoint_id", endpoint_id, self.limits.id_bytes, required=False)
        return Actor(
            feed=self.feed(violations, user_id),
            role=self.sender_role,
            endpoint_id=endpoint_id,
            client_id=self.principal.client_id,
        )

    def writing_actor(self, violations: Violations, user_id: str, endpoint_id: str) -> Actor:
        """Return the actor of a request that changes something.

        A device has to name its endpoint, and a publisher none. Adds violations of `user_id` and
        `endpoint_id`. Raises PermissionDenied as `feed` does.
        """
        device = self.role is Role.DEVICE
        identifier(violations, "endpoint_id", endpoint_id, self.limits.id_bytes, required=device)
        if endpoint_id and not device:
            violations.add("endpoint_id", "is for devices only")
        return Actor(
            feed=self.feed(violations, user_id),
            role=self.sender_role,
            endpoint_id=endpoint_id,
            client_id=self.principal.client_id,
        )
