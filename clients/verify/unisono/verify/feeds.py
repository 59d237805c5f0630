"""What a history tells of the notifications of each feed: at which revision each was how.

The truth is put together from what all clients were told: a server that tells each something else
contradicts itself here. Knows no promise but that.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.history import Call, History, Stream
from unisono.verify.sends import Sent, sendings_in, sends_of

_ASIDE = (pb.USER_ACTION_STATE_DISMISSED, pb.USER_ACTION_STATE_SNOOZED)


class FeedKey(NamedTuple):
    """Names a feed."""

    app_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A notification as of one of its revisions; `row` is None when it was removed.

    `told` says who was told so, and `time` when.
    """

    id: str
    revision: int
    row: pb.Notification | None
    source: str
    time: float

    def contradicts(self, other: "Version") -> bool:
        """Whether both cannot be true. Content that one of them left out says nothing."""
        if self.row is None or other.row is None:
            return self.row is not other.row
        return _bare(self.row) != _bare(other.row)


@dataclass(slots=True)
class Feed:
    """What is known of one feed."""

    versions: dict[str, dict[int, Version]] = field(default_factory=lambda: defaultdict(dict))
    #: Ids and keys that somebody asked to delete or to replace, with whatever outcome, and since when.
    ended: dict[str, float] = field(default_factory=dict)
    contradictions: list[tuple[Version, Version]] = field(default_factory=list)
    _seen: list[tuple[float, int]] = field(default_factory=list)

    def learn(self, version: Version) -> None:
        """Take in what somebody was told."""
        self.note(version.time, version.revision)
        known = self.versions[version.id].setdefault(version.revision, version)
        if known.contradicts(version):
            self.contradictions.append((known, version))

    def note(self, time: float, revision: int) -> None:
        """Somebody was told that the feed has got so far."""
        self._seen.append((time, revision))

    def end(self, time: float, name: str) -> None:
        """Somebody asked to delete or to replace what has this id or key."""
        if name:
            self.ended[name] = min(time, self.ended.get(name, time))

    def reached(self, time: float) -> int:
        """The largest revision that anybody had been told of before a time."""
        return max((revision for told, revision in self._seen if told < time), default=0)

    def in_order(self) -> list[Version]:
        """All versions by revision."""
        found = (version for versions in self.versions.values() for version in versions.values())
        return sorted(found, key=lambda version: version.revision)


def feeds_of(history: History) -> dict[FeedKey, Feed]:
    """All feeds that the history tells of."""
    feeds: dict[FeedKey, Feed] = defaultdict(Feed)
    for stream in history.streams:
        feed = feeds[feed_followed(stream)]
        for version in _of_stream(stream):
            feed.learn(version)
    for sent in sends_of(history):
        feeds[feed_sent_to(sent)].note(sent.call.ended, sent.result.revision)
    for call in history.calls:
        feed = feeds[feed_of(call)]
        feed.note(call.ended, revision_of(call))
        for version in _of_call(call):
            feed.learn(version)
        for key, name in endings_in(call):
            feeds[key].end(call.began, name)
    return feeds


def endings_in(call: Call) -> Iterator[tuple[FeedKey, str]]:
    """What a call asks to delete or to replace: in which feed, and its id or key."""
    request, app_id = call.request, call.principal.app_id
    if isinstance(request, service_pb.DeleteNotificationRequest):
        yield feed_of(call), request.notification.id or request.notification.app_notification_id
    for sending in sendings_in(request):
        if sending.on_conflict:
            yield FeedKey(app_id, call.principal.user_id or sending.user_id), sending.app_notification_id


def feed_followed(stream: Stream) -> FeedKey:
    """The feed that a stream tells of."""
    return FeedKey(stream.principal.app_id, stream.principal.user_id)


def feed_sent_to(sent: Sent) -> FeedKey:
    """The feed that something was sent to."""
    return FeedKey(sent.call.principal.app_id, sent.user_id)


def feed_of(call: Call) -> FeedKey:
    """The feed that a call is about."""
    request: Any = call.request
    return FeedKey(call.principal.app_id, call.principal.user_id or getattr(request, "user_id", ""))


def named_in(call: Call) -> str:
    """The id of the one notification that a call is about, if it is about one."""
    match request := call.request:
        case (
            service_pb.GetNotificationRequest()
            | service_pb.UpdateNotificationRequest()
            | service_pb.DeleteNotificationRequest()
        ):
            return request.notification.id
        case _:
            return ""


def revision_of(call: Call) -> int:
    """The revision that an answer tells of a change, other than a send, that it made, or may have made."""
    match answer := call.answer:
        case service_pb.UpdateNotificationResponse():
            return answer.notification.revision
        case service_pb.MarkNotificationsResponse():
            return answer.last_revision if answer.changed else 0
        case service_pb.DeleteNotificationResponse():
            return answer.revision
        case _:
            return 0


def counts_as_unread(row: pb.Notification) -> bool:
    """Whether it counts for a badge."""
    return row.read_state == pb.READ_STATE_UNREAD and row.user_action_state not in _ASIDE


def is_over(expiring: pb.Notification | service_pb.SendResult, time: float) -> bool:
    """Whether its `expire_time` has passed by a time, in seconds since 1970."""
    return expiring.expire_time.ToNanoseconds() / 1e9 < time


def is_for(row: pb.Notification, endpoint_id: str, platform: int) -> bool:
    """Whether it is meant for an endpoint."""
    policy = row.target_policy
    everyone = not (policy.platforms or policy.endpoint_ids)
    return everyone or platform in policy.platforms or endpoint_id in policy.endpoint_ids


def _of_stream(stream: Stream) -> Iterator[Version]:
    for received in stream.messages:
        for event in received.message.event_batch.events:
            yield Version(
                id=event.notification_id,
                revision=event.revision,
                row=None if event.removed else event.notification,
                source=stream.name,
                time=received.time,
            )


def _of_call(call: Call) -> Iterator[Version]:
    if not call.good or call.method not in ("GetNotification", "ListNotifications", "UpdateNotification"):
        return
    answer: Any = call.answer
    rows = answer.notifications if call.method == "ListNotifications" else [answer.notification]
    for row in rows:
        told = f"{call.method} at {call.ended:.3f}"
        yield Version(id=row.id, revision=row.revision, row=row, source=told, time=call.ended)


def _bare(row: pb.Notification) -> pb.Notification:
    bare = pb.Notification()
    bare.CopyFrom(row)
    bare.ClearField("payload")
    return bare
