"""The context of one call: who makes it, and which feed it is about."""

from dataclasses import dataclass

from unisono.client.testing import checks, errors
from unisono.client.testing.checks import Violations
from unisono.client.testing.feed import Feed, FeedKey, Role
from unisono.client.testing.limits import Limits
from unisono.client.testing.state import Principal, ServiceState
from unisono.v1 import notification_pb2 as pb


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The caller's role, and the feed that it acts on. `endpoint_id` is the one in the request, or empty."""

    feed: Feed
    role: Role
    endpoint_id: str


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The context of a call whose access token is valid."""

    state: ServiceState
    principal: Principal

    @property
    def now(self) -> int:
        """The service's time, in milliseconds since 1970."""
        return self.state.now

    @property
    def limits(self) -> Limits:
        """The limits of the service."""
        return self.state.limits

    def check_space(self) -> None:
        """Raise `Unavailable` (STORE_FULL) where nothing can be stored."""
        if self.state.full:
            raise errors.store_full()

    def reading_actor(
        self, violations: Violations, user_id: str, endpoint_id: str = "", *, required: bool = False
    ) -> Actor:
        """Return who reads which feed; the request may name any endpoint of the user.

        Bad fields are added to `violations`. Raises `PermissionDenied` for a device that names another user,
        and `FeedBarred`.
        """
        checks.check_name(violations, "endpoint_id", endpoint_id, self.limits.id_bytes, required=required)
        return self._actor(violations, user_id, endpoint_id)

    def writing_actor(self, violations: Violations, user_id: str, endpoint_id: str) -> Actor:
        """Return who changes which feed: a device must name its endpoint, a publisher must not name one.

        Bad fields are added to `violations`. Raises `PermissionDenied` for a device that names another user,
        and `FeedBarred`.
        """
        device = bool(self.principal.user_id)
        checks.check_name(violations, "endpoint_id", endpoint_id, self.limits.id_bytes, required=device)
        if endpoint_id and not device:
            violations.add("endpoint_id", "is for devices only")
        return self._actor(violations, user_id, endpoint_id)

    def _actor(self, violations: Violations, user_id: str, endpoint_id: str) -> Actor:
        own = self.principal.user_id
        if not own:
            checks.check_name(violations, "user_id", user_id, self.limits.id_bytes, required=True)
        elif user_id not in ("", own):
            raise errors.user_mismatch()
        key = FeedKey(self.principal.app_id, own or user_id)
        self.state.check_bar(key)
        feed = self.state.feed(key)
        role = pb.SENDER_ROLE_USER if own else pb.SENDER_ROLE_PUBLISHER
        return Actor(feed=feed, role=role, endpoint_id=endpoint_id)
