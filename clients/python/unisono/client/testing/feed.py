"""One user's feed: its notifications, every change that was made to them, its endpoints, who listens.

Knows no requests. Everything that happens to a notification goes through `Feed.commit`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Protocol, TypeAlias

from unisono.client.testing.times import millis, timestamp
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb

#: What neither rings nor counts for a badge.
_ASIDE: Final = (pb.USER_ACTION_STATE_DISMISSED, pb.USER_ACTION_STATE_SNOOZED)

#: Why a notification changed.
ChangeType: TypeAlias = feed_pb.ChangeType.ValueType

#: Who created it.
Role: TypeAlias = pb.SenderRole.ValueType


class FeedKey(NamedTuple):
    """Names a feed."""

    app_id: str
    user_id: str


@dataclass(slots=True, eq=False)
class Endpoint:
    """A device of the user. `delete_time` is in milliseconds since 1970."""

    message: endpoint_pb.Endpoint
    delete_time: int | None = None

    @property
    def id(self) -> str:
        """Chosen by the device."""
        return self.message.endpoint_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A notification after a change. Once committed, `shown` is never changed.

    `removal` is why it is gone, if it is; `alert_time` when `alert_revision` was made, in milliseconds.
    """

    message: pb.Notification
    fingerprint: bytes
    removal: ChangeType | None = None
    create_revision: int = 0
    content_revision: int = 0
    alert_time: int = 0

    @property
    def live(self) -> bool:
        """Whether it is in the feed; otherwise this is what is left of it."""
        return self.removal is None

    @property
    def counts_as_unread(self) -> bool:
        """Whether it counts for a badge."""
        waits = (
            self.message.read_state == pb.READ_STATE_UNREAD and self.message.user_action_state not in _ASIDE
        )
        return self.live and waits

    @property
    def target_key(self) -> str:
        """Text that tells its target policy from others; empty when it is for every endpoint."""
        return target_key(self.message.target_policy)

    @property
    def size(self) -> int:
        """How many bytes of its feed's share it takes, as long as it is live."""
        return size_of(self.message.payload, self.message.target_policy)

    def rings_at(self, now: int) -> bool:
        """Whether its last alert is still worth a ring."""
        message = self.message
        shows = millis(message.display_time_to_live)
        fresh = not message.HasField("display_time_to_live") or now < self.alert_time + shows
        return self.counts_as_unread and fresh and now < millis(message.expire_time)

    def is_for(self, endpoint: Endpoint | None) -> bool:
        """Whether it is meant for the endpoint; anything is for None."""
        policy = self.message.target_policy
        if endpoint is None or not (policy.platforms or policy.endpoint_ids):
            return True
        return endpoint.message.platform in policy.platforms or endpoint.id in policy.endpoint_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: the row after it, why, when, and by which endpoint, if by one."""

    row: Row
    change_type: ChangeType
    time: int
    origin: str


class Listener(Protocol):
    """A stream of the feed."""

    endpoint_id: str

    def wake(self) -> None:
        """There may be something to say."""
        ...

    def end(self, reason: str, retry_delay: float | None = None) -> None:
        """Say Goodbye."""
        ...


@dataclass(slots=True, eq=False)
class Feed:
    """The change of revision n is `changes[n - 1]`. Below `floor`, not every removal is known any more.

    Positions of another `epoch` mean nothing here.
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
        """That of the last change; 0 before the first."""
        return len(self.changes)

    @property
    def live(self) -> list[Row]:
        """The notifications that are in the feed, in the order of their creation."""
        return sorted((row for row in self.rows.values() if row.live), key=lambda row: row.create_revision)

    def unread_count(self, endpoint: Endpoint | None = None) -> int:
        """What a badge shows: of one endpoint, or of the feed."""
        return sum(row.counts_as_unread and row.is_for(endpoint) for row in self.rows.values())

    def with_key(self, key: str) -> list[Row]:
        """The rows with a key: what is live first, then the newest."""
        keyed = (row for row in self.rows.values() if key and row.message.app_notification_id == key)
        return sorted(keyed, key=lambda row: (not row.live, -row.message.revision))

    def named(self, ref: pb.NotificationRef, role: Role) -> Row | None:
        """What a caller of this role means: something live, then something of its own role."""
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
        """Make it the next change. `news`: its content is new. `alert`: it rings."""
        revision = self.revision + 1
        message = row.message
        message.revision = revision
        message.update_time.CopyFrom(timestamp(now))
        if alert:
            message.alert_revision = revision
        row = replace(
            row,
            create_revision=row.create_revision or revision,
            content_revision=revision if new_content else row.content_revision,
            alert_time=now if alert else row.alert_time,
        )
        self.rows[message.id] = row
        self.changes.append(Change(row=row, change_type=change_type, time=now, origin=origin))
        wake(self.listeners)
        return row

    def record_activity(self, endpoint_id: str, now: int) -> None:
        """A sign of life of an endpoint, if there is such a one."""
        endpoint = self.endpoints.get(endpoint_id)
        if endpoint is not None and endpoint.delete_time is None:
            latest = max(now, millis(endpoint.message.last_seen_time))
            endpoint.message.last_seen_time.CopyFrom(timestamp(latest))


def target_key(policy: pb.TargetPolicy) -> str:
    """See `Row.target_key`."""
    if not policy.platforms and not policy.endpoint_ids:
        return ""
    return json.dumps([list(policy.platforms), list(policy.endpoint_ids)], separators=(",", ":"))


def size_of(payload: pb.Payload, policy: pb.TargetPolicy) -> int:
    """See `Row.size`."""
    return payload.ByteSize() + len(target_key(policy))


def copy(row: Row) -> pb.Notification:
    """What is shown of it, to be changed and committed."""
    message = pb.Notification()
    message.CopyFrom(row.message)
    return message


def wake(listeners: Iterable[Listener]) -> None:
    """Let them look."""
    for listener in tuple(listeners):
        listener.wake()
