"""The feed of one user: its notifications, every change of them, its endpoints, and its open streams.

Everything that happens to a notification goes through `Feed.commit`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Protocol, TypeAlias

from unisono.client.testing.times import millis, timestamp
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb

#: The states in which a notification neither rings nor counts as unread.
_ASIDE: Final = (pb.USER_ACTION_STATE_DISMISSED, pb.USER_ACTION_STATE_SNOOZED)

#: Why a notification changed.
ChangeType: TypeAlias = feed_pb.ChangeType.ValueType

#: Who created a notification.
Role: TypeAlias = pb.SenderRole.ValueType


class FeedKey(NamedTuple):
    """The name of a feed: an app and a user of it."""

    app_id: str
    user_id: str


@dataclass(slots=True, eq=False)
class Endpoint:
    """An installation of the app on one device. `delete_time` is in ms since 1970; None: not deleted.

    `may_return`: once deleted, its id may be registered anew, which `registrations` counts.
    """

    message: endpoint_pb.Endpoint
    delete_time: int | None = None
    may_return: bool = False
    registrations: int = 0

    @property
    def id(self) -> str:
        """The id of the endpoint, chosen by the device."""
        return self.message.endpoint_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A notification as of its last change. Once the row is committed, `message` is never changed.

    fingerprint: content and target policy as they were sent last, to recognise repeats.
    removal: why the notification is gone; None while it is live.
    alert_time: when `alert_revision` was made, in ms since 1970.
    target_key: the target policy as a text, equal for equal policies; empty when it means every endpoint.
    size: how many bytes of `Limits.feed_bytes` the notification takes while it is live.
    """

    message: pb.Notification
    fingerprint: bytes
    removal: ChangeType | None = None
    create_revision: int = 0
    content_revision: int = 0
    alert_time: int = 0
    target_key: str = field(init=False)
    size: int = field(init=False)

    def __post_init__(self) -> None:
        # Each send asks this of all that the feed holds.
        object.__setattr__(self, "target_key", target_key(self.message.target_policy))
        object.__setattr__(self, "size", size_of(self.message.payload, self.message.target_policy))

    @property
    def live(self) -> bool:
        """Whether the notification is in the feed; otherwise the row is its tombstone."""
        return self.removal is None

    @property
    def counts_as_unread(self) -> bool:
        """Whether a badge counts the notification: live, unread, and neither dismissed nor snoozed."""
        waits = (
            self.message.read_state == pb.READ_STATE_UNREAD and self.message.user_action_state not in _ASIDE
        )
        return self.live and waits

    @property
    def settled(self) -> bool:
        """Whether it may give way to a new one in a full feed: live, read or dismissed, and not snoozed."""
        state = self.message.user_action_state
        done = self.message.read_state == pb.READ_STATE_READ or state == pb.USER_ACTION_STATE_DISMISSED
        return self.live and done and state != pb.USER_ACTION_STATE_SNOOZED

    def rings_at(self, now: int) -> bool:
        """Return whether the last alert may ring at `now` (ms since 1970).

        It may while the notification counts as unread, is within its display time, and has not expired.
        """
        message = self.message
        shows = millis(message.display_time_to_live)
        fresh = not message.HasField("display_time_to_live") or now < self.alert_time + shows
        return self.counts_as_unread and fresh and now < millis(message.expire_time)

    def is_for(self, endpoint: Endpoint | None) -> bool:
        """Return whether the notification is meant for the endpoint; for None, always true."""
        policy = self.message.target_policy
        if endpoint is None or not (policy.platforms or policy.endpoint_ids):
            return True
        return endpoint.message.platform in policy.platforms or endpoint.id in policy.endpoint_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a feed: the row after it, its type, its time (ms since 1970), and its origin.

    `origin` is the endpoint that made the change, empty if none did.
    """

    row: Row
    change_type: ChangeType
    time: int
    origin: str


class Listener(Protocol):
    """An open stream of the feed."""

    endpoint_id: str

    def wake(self) -> None:
        """Let the stream check whether there is something to send."""
        ...

    def end(self, reason: str, retry_delay: float | None = None) -> None:
        """End the stream with a Goodbye; `retry_delay` is in seconds, None where nobody is to come back."""
        ...


@dataclass(slots=True, eq=False)
class Feed:
    """The feed of one user. `changes[n - 1]` is the change of revision n; `rows` are by id, the oldest first.

    Positions below `floor` cannot resume, as tombstones after them were purged. Positions of another
    `epoch` are of an earlier feed of the user, and invalid.
    """

    key: FeedKey
    epoch: int = 0
    rows: dict[str, Row] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    listeners: set[Listener] = field(default_factory=set)
    floor: int = 0

    @property
    def revision(self) -> int:
        """The revision of the last change; 0 before the first."""
        return len(self.changes)

    @property
    def used(self) -> bool:
        """Whether anything was ever in it: a feed is made for each user that somebody asks for."""
        return bool(self.changes or self.endpoints)

    @property
    def live(self) -> list[Row]:
        """The notifications that are in the feed, in the order of their creation."""
        return [row for row in self.rows.values() if row.removal is None]

    @property
    def present(self) -> list[Endpoint]:
        """The endpoints that are not deleted, in the order of registration."""
        return [endpoint for endpoint in self.endpoints.values() if endpoint.delete_time is None]

    def unread_count(self, endpoint: Endpoint | None = None) -> int:
        """Return the unread count of one endpoint, or of the whole feed for None (Exact)."""
        return sum(row.counts_as_unread and row.is_for(endpoint) for row in self.rows.values())

    def with_key(self, key: str) -> list[Row]:
        """Return the rows with a sender's key: live ones first, then the newest; none for an empty key."""
        keyed = (row for row in self.rows.values() if key and row.message.app_notification_id == key)
        return sorted(keyed, key=lambda row: (not row.live, -row.message.revision))

    def named(self, ref: pb.NotificationRef, role: Role) -> Row | None:
        """Return the row, live or not, that a caller of this role refers to; None if there is none.

        Of several with one key, a live one comes first, then one that the role created (NotificationRef).
        """
        if ref.id:
            return self.rows.get(ref.id)
        found = self.with_key(ref.app_notification_id)
        return min(found, key=lambda row: (not row.live, row.message.sender_role != role), default=None)

    def commit(
        self,
        row: Row,
        change_type: ChangeType,
        now: int,
        origin: str = "",
        *,
        new_content: bool = False,
        alert: bool = False,
    ) -> Row:
        """Commit a row as the next change of the feed, wake the streams, and return the row.

        The row gets the next revision and `now` (ms since 1970) as its update time. `new_content`: the
        content changed. `alert`: the change rings. `origin` is the endpoint that made it, if one did.
        """
        revision = self.revision + 1
        message = row.message
        message.revision = revision
        message.update_time.CopyFrom(timestamp(now))
        if alert:
            message.alert_revision = revision
            message.alert_time.CopyFrom(timestamp(now))
        row = replace(
            row,
            create_revision=row.create_revision or revision,
            content_revision=revision if new_content else row.content_revision,
            alert_time=now if alert else row.alert_time,
        )
        self.rows[message.id] = row
        self.changes.append(Change(row=row, change_type=change_type, time=now, origin=origin))
        wake_all(self.listeners)
        return row

    def record_activity(self, endpoint_id: str, now: int) -> None:
        """Set the last-seen time of an endpoint to `now` (ms since 1970), never back.

        Unknown and deleted endpoints are ignored.
        """
        endpoint = self.endpoints.get(endpoint_id)
        if endpoint is not None and endpoint.delete_time is None:
            latest = max(now, millis(endpoint.message.last_seen_time))
            endpoint.message.last_seen_time.CopyFrom(timestamp(latest))


def target_key(policy: pb.TargetPolicy) -> str:
    """Return a target policy as a text, equal for equal policies; empty when it means every endpoint."""
    if not policy.platforms and not policy.endpoint_ids:
        return ""
    return json.dumps([list(policy.platforms), list(policy.endpoint_ids)], separators=(",", ":"))


def size_of(payload: pb.Payload, policy: pb.TargetPolicy) -> int:
    """Return how many bytes of `Limits.feed_bytes` a payload with this target policy takes."""
    return payload.ByteSize() + len(target_key(policy))


def copy_message(row: Row) -> pb.Notification:
    """Return a copy of a row's message, to be changed and committed."""
    message = pb.Notification()
    message.CopyFrom(row.message)
    return message


def wake_all(listeners: Iterable[Listener]) -> None:
    """Let streams check whether there is something to send."""
    for listener in tuple(listeners):
        listener.wake()
