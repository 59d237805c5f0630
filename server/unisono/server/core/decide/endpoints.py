"""Decides commands about endpoints: registering, renaming and deleting them, and taking one for a stream."""

from collections.abc import Sequence
from dataclasses import replace

from unisono.server.core.decide.single import Single
from unisono.server.errors import (
    FailedPrecondition,
    InvalidRequest,
    NotFound,
    QuotaExceeded,
    Reason,
    UnisonoError,
)
from unisono.server.model import Endpoint, Feed, FeedKey, Limits, Platform
from unisono.server.model.value import value
from unisono.server.store.commit import EndpointDecision, EndpointView


@value(frozen=True, slots=True, kw_only=True)
class Register(Single):
    """Register an endpoint, or find it registered. With a `session_id`, that session becomes its stream.

    `platform` may be None for a registered one, where an empty `display_name` leaves the stored name.
    `registration` is that of which the device holds a position (`resume_token.registration_of`); None where
    it has none. With `feed_epoch` it is refused in another feed of the user. What it says of `ephemeral`
    counts from then on.
    """

    feed: FeedKey
    endpoint_id: str
    platform: Platform | None
    display_name: str
    session_id: str = ""
    registration: int | None = None
    feed_epoch: bytes | None = None
    ephemeral: bool = False


@value(frozen=True, slots=True, kw_only=True)
class Rename(Single):
    """Rename an endpoint."""

    feed: FeedKey
    endpoint_id: str
    display_name: str


@value(frozen=True, slots=True, kw_only=True)
class Remove(Single):
    """Delete an endpoint. Its id stays deleted for as long as its row is retained, unless it `may_return`."""

    feed: FeedKey
    endpoint_id: str
    may_return: bool = False


EndpointCommand = Register | Rename | Remove


@value(frozen=True, slots=True, kw_only=True)
class EndpointResult:
    """The endpoint after a command, and its feed. `changed` is False where it was as a deletion asked."""

    endpoint: Endpoint
    feed: Feed
    changed: bool = True


class _EndpointChanges:
    """The endpoints of one feed while a batch is decided."""

    def __init__(self, feed: Feed, endpoints: Sequence[Endpoint]) -> None:
        self.before = feed
        self.endpoints = {endpoint.endpoint_id: endpoint for endpoint in endpoints}
        self.written: dict[str, Endpoint] = {}
        self.removed: dict[str, Endpoint] = {}

    def write(self, endpoint: Endpoint) -> Endpoint:
        self.endpoints[endpoint.endpoint_id] = endpoint
        self.written[endpoint.endpoint_id] = endpoint
        self.removed.pop(endpoint.endpoint_id, None)
        return endpoint

    def remove(self, endpoint: Endpoint) -> None:
        del self.endpoints[endpoint.endpoint_id]
        self.written.pop(endpoint.endpoint_id, None)
        self.removed[endpoint.endpoint_id] = endpoint

    def present(self) -> list[Endpoint]:
        return [e for e in self.endpoints.values() if e.delete_time is None]

    @property
    def feed(self) -> Feed:
        """The feed with the number of its endpoints after the changes so far."""
        return replace(self.before, endpoints=len(self.present()))


def decide_endpoints(
    commands: Sequence[EndpointCommand], view: EndpointView, *, now: int, limits: Limits
) -> EndpointDecision[EndpointResult]:
    """Return the outcome of every command, in order, and what to write.

    Each command sees the changes of those before it; its outcome is a result or the error that it raised,
    which changes nothing. `now` is in milliseconds since 1970.
    """
    changes_by_feed = {
        key: _EndpointChanges(feed, view.endpoints.get(key, ())) for key, feed in view.feeds.items()
    }
    outcomes: list[EndpointResult | UnisonoError] = []
    for command in commands:
        try:
            outcomes.append(_one(changes_by_feed[command.feed], command, now, limits))
        except UnisonoError as error:
            outcomes.append(error.with_traceback(None))
    changed = [changes for changes in changes_by_feed.values() if changes.written or changes.removed]
    return EndpointDecision(
        outcomes=outcomes,
        endpoints=[endpoint for changes in changed for endpoint in changes.written.values()],
        removed=[endpoint for changes in changed for endpoint in changes.removed.values()],
        feeds=[changes.feed for changes in changed if changes.feed != changes.before],
        deletions_per_feed=limits.deleted_endpoints_per_user,
    )


def require_endpoint(endpoint: Endpoint | None, registration: int | None = None) -> Endpoint:
    """Return the endpoint. Raises `NotFound` for None, and `FailedPrecondition` when it was deleted.

    To a device that holds a position of an earlier `registration` it was, though its id was registered anew.
    """
    if endpoint is None:
        raise _unknown()
    if endpoint.delete_time is not None:
        raise _deleted()
    if registration is not None and registration < endpoint.registrations:
        raise _deleted()
    return endpoint


def _unknown() -> NotFound:
    return NotFound(
        Reason.ENDPOINT_NOT_FOUND,
        "the user has no such endpoint; RegisterEndpoint or Subscribe makes it",
    )


def _deleted() -> FailedPrecondition:
    return FailedPrecondition(
        Reason.ENDPOINT_DELETED,
        "the endpoint was deleted; discard what it held, and register under a new endpoint_id, or under this "
        "one without a resume_token where it was deleted with may_return",
    )


def _one(changes: _EndpointChanges, command: EndpointCommand, now: int, limits: Limits) -> EndpointResult:
    match command:
        case Register():
            return _register(changes, command, now, limits)
        case Rename():
            endpoint = require_endpoint(changes.endpoints.get(command.endpoint_id))
            named = replace(endpoint, display_name=command.display_name)
            return EndpointResult(endpoint=changes.write(named), feed=changes.feed)
        case Remove():
            return _remove(changes, command, now)


def _register(changes: _EndpointChanges, command: Register, now: int, limits: Limits) -> EndpointResult:
    if command.feed_epoch not in (None, changes.feed.epoch):
        raise _unknown()
    known = changes.endpoints.get(command.endpoint_id)
    if known is None:
        return _create(changes, command, now, limits)
    if returns(known, command):
        return _create(changes, command, now, limits, registrations=known.registrations + 1)
    return EndpointResult(endpoint=changes.write(registered(known, command, now)), feed=changes.feed)


def returns(known: Endpoint, command: Register) -> bool:
    """Return whether an endpoint was deleted and is registered anew: it may, and holds no position."""
    return known.delete_time is not None and known.may_return and command.registration is None


def registered(known: Endpoint, command: Register, now: int) -> Endpoint:
    """Return an endpoint that exists, as it is after `command`.

    Raises `FailedPrecondition` when it was deleted, or was since the position of the device, or has another
    platform.
    """
    require_endpoint(known, command.registration)
    if command.platform not in (None, known.platform):
        raise FailedPrecondition(
            Reason.PLATFORM_FIXED,
            f"the endpoint is registered for {known.platform.name} and cannot change",
            {"platform": f"DEVICE_PLATFORM_{known.platform.name}"},
        )
    return replace(
        known,
        display_name=command.display_name or known.display_name,
        last_seen_time=max(now, known.last_seen_time),
        session_id=command.session_id or known.session_id,
        ephemeral=command.ephemeral,
    )


def _create(
    changes: _EndpointChanges, command: Register, now: int, limits: Limits, registrations: int = 0
) -> EndpointResult:
    if command.platform is None:
        raise InvalidRequest.of("platform", "is required for an endpoint that is not registered yet")
    _make_room(changes, command, limits.endpoints_per_user)
    endpoint = Endpoint(
        feed=command.feed,
        endpoint_id=command.endpoint_id,
        platform=command.platform,
        display_name=command.display_name,
        create_time=now,
        last_seen_time=now,
        session_id=command.session_id,
        registrations=registrations,
        ephemeral=command.ephemeral,
    )
    return EndpointResult(endpoint=changes.write(endpoint), feed=changes.feed)


def _make_room(changes: _EndpointChanges, command: Register, limit: int) -> None:
    """Remove, at the limit, the endpoint without a stream that was unseen for longest. It may come back.

    Ephemeral ones go first, and for an ephemeral one none does.
    """
    present = changes.present()
    if len(present) < limit:
        return
    idle = [endpoint for endpoint in present if not endpoint.session_id]
    if command.ephemeral or not idle:
        none = "an ephemeral one takes the place of none" if command.ephemeral else "all have streams open"
        raise QuotaExceeded(
            Reason.ENDPOINTS_EXCEEDED,
            f"the user has {limit} endpoints, which is the limit, and {none}",
            subject=f"user:{command.feed.user_id}",
            limit=limit,
        )
    # The id decides between equals, so that it is not the order in which a store reads them.
    changes.remove(min(idle, key=lambda e: (not e.ephemeral, e.last_seen_time, e.endpoint_id)))


def _remove(changes: _EndpointChanges, command: Remove, now: int) -> EndpointResult:
    endpoint = changes.endpoints.get(command.endpoint_id)
    if endpoint is None:
        raise _unknown()
    bars = endpoint.may_return and not command.may_return
    if endpoint.delete_time is not None and not bars:
        return EndpointResult(endpoint=endpoint, feed=changes.feed, changed=False)
    gone = replace(endpoint, session_id="", delete_time=now, may_return=command.may_return)
    return EndpointResult(endpoint=changes.write(gone), feed=changes.feed)
