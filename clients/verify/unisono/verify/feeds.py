"""Reconstructs from a history the versions of each feed's notifications, by revision.

They are put together from what all clients received: a server that sends different states of the same
revision to different clients shows here as a contradiction.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.history import Call, History, Stream
from unisono.verify.sends import Sent, sendings_in, sends_of
from unisono.verify.withdrawals import Subject, Withdrawals

_ASIDE = (pb.USER_ACTION_STATE_DISMISSED, pb.USER_ACTION_STATE_SNOOZED)


class FeedKey(NamedTuple):
    """The identity of a feed: the app and the user."""

    app_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A notification as of one of its revisions, as one client received it.

    `row` is None when the notification was removed at that revision. `source` names the stream or call
    that it came with, for evidence; `time` is when it was received, in seconds since 1970.
    """

    id: str
    revision: int
    row: pb.Notification | None
    source: str
    time: float

    def contradicts(self, other: "Version") -> bool:
        """Return whether the other version of the same notification and revision is another state.

        Payloads are compared where both have one: events may leave them out.
        """
        if self.row is None or other.row is None:
            return self.row is not other.row
        if self.row.HasField("payload") and other.row.HasField("payload"):
            return self.row != other.row
        return _bare(self.row) != _bare(other.row)


@dataclass(slots=True)
class Feed:
    """All that a history shows of one feed.

    `versions` is by notification id, then by revision, with one of the versions received of each.
    `contradictions` are that one and another of the same revision that differs from it.
    """

    versions: dict[str, dict[int, Version]] = field(default_factory=lambda: defaultdict(dict))
    withdrawals: Withdrawals = field(default_factory=Withdrawals)
    contradictions: list[tuple[Version, Version]] = field(default_factory=list)
    _seen: list[tuple[float, int]] = field(default_factory=list)
    _revisions: set[int] = field(default_factory=set)

    def learn(self, version: Version) -> None:
        """Add a version that a client received, or record a contradiction if it differs from a known one."""
        self.observe(version.time, version.revision)
        self._revisions.add(version.revision)
        known = self.versions[version.id].setdefault(version.revision, version)
        if known.contradicts(version):
            self.contradictions.append((known, version))

    def observe(self, time: float, revision: int) -> None:
        """Record that a client knew at `time` that the feed had reached this revision."""
        self._seen.append((time, revision))

    def may_be_withdrawn(self, id_: str, key: str, time: float, *, revision: int | None = None) -> bool:
        """Return whether, by `time`, anybody asked for what may have withdrawn a notification.

        It is judged by what it was right before it was removed, where the `revision` of that is given, and
        what it was is known.
        """
        known = self.versions.get(id_, {})
        rows = [row for version in known.values() if (row := version.row) is not None]
        last = None if revision is None else self.right_before(id_, revision)
        subject = Subject(names=frozenset(filter(None, (id_, key))), rows=rows, last=last)
        return self.withdrawals.may_concern(subject, time)

    def right_before(self, id_: str, revision: int) -> pb.Notification | None:
        """Return a notification as of the revision before; None unless all since its last one are known."""
        known = self.versions.get(id_, {})
        before = max((one for one in known if one < revision), default=0)
        if before and all(between in self._revisions for between in range(before + 1, revision)):
            return known[before].row
        return None

    def revision_before(self, time: float) -> int:
        """Return the largest revision that any client knew of before `time`; 0 if there was none."""
        return max((revision for told, revision in self._seen if told < time), default=0)

    def in_order(self) -> list[Version]:
        """Return all versions by ascending revision."""
        found = (version for versions in self.versions.values() for version in versions.values())
        return sorted(found, key=lambda version: version.revision)


def feeds_of(history: History) -> dict[FeedKey, Feed]:
    """Reconstruct every feed that a stream, a send or another call of the history is about.

    The result is a `defaultdict`: any other feed is an empty one.
    """
    feeds: dict[FeedKey, Feed] = defaultdict(Feed)
    for stream in history.streams:
        feed = feeds[feed_followed(stream)]
        feed.withdrawals.learn(stream.began, stream.request)
        for version in versions_in_stream(stream):
            feed.learn(version)
    for sent in sends_of(history):
        feed = feeds[feed_sent_to(sent)]
        feed.observe(sent.call.ended, sent.result.revision)
        feed.withdrawals.learn_send(sent.call.began, sent.request, sent.result.id)
        for displaced in sent.result.displaced_ids:
            feed.withdrawals.end(sent.call.began, displaced)
    for call in history.calls:
        feed = feeds[feed_of(call)]
        feed.observe(call.ended, revision_of(call))
        feed.withdrawals.learn(call.began, call.request)
        for version in versions_in_call(call):
            feed.learn(version)
        for sending in sendings_in(call.request):
            user_id = call.principal.user_id or sending.user_id
            feeds[FeedKey(call.principal.app_id, user_id)].withdrawals.learn_send(call.began, sending)
    return feeds


def feed_followed(stream: Stream) -> FeedKey:
    """Return the feed whose events a stream delivers."""
    return FeedKey(stream.principal.app_id, stream.principal.user_id)


def feed_sent_to(sent: Sent) -> FeedKey:
    """Return the feed that a notification was sent to."""
    return FeedKey(sent.call.principal.app_id, sent.user_id)


def feed_of(call: Call) -> FeedKey:
    """Return the feed that a call is about.

    Its `user_id` is empty where an app calls about no user, or about several, as in a batch of sends.
    """
    request: Any = call.request
    return FeedKey(call.principal.app_id, call.principal.user_id or getattr(request, "user_id", ""))


def named_in(call: Call) -> str:
    """Return the id of the notification that a get, update or delete names; empty for all other calls.

    Empty also where the request names it by its key.
    """
    match request := call.request:
        case (
            service_pb.GetNotificationRequest()
            | service_pb.UpdateNotificationRequest()
            | service_pb.DeleteNotificationRequest()
        ):
            return request.notification.id
        case _:
            return ""


def found_in(call: Call) -> Iterator[str]:
    """Yield the ids that a mark or a deletion of many names, and has found by its answer."""
    request, answer = call.request, call.answer
    if not isinstance(request, service_pb.MarkNotificationsRequest | service_pb.DeleteNotificationsRequest):
        return
    if isinstance(answer, service_pb.MarkNotificationsResponse | service_pb.DeleteNotificationsResponse):
        missing = {ref.id for ref in answer.not_found}
        yield from (ref.id for ref in request.references.refs if ref.id not in missing)


def revision_of(call: Call) -> int:
    """Return the revision of the feed after an update, a mark or a delete that was answered OK, else 0.

    For an update it is that of the notification. 0 also for marks, and deletions of many, that changed
    nothing, and for sends: `sends_of` has theirs.
    """
    match answer := call.answer:
        case service_pb.UpdateNotificationResponse():
            return answer.notification.revision
        case service_pb.MarkNotificationsResponse():
            return answer.last_revision if answer.changed else 0
        case service_pb.DeleteNotificationResponse():
            return answer.revision
        case service_pb.DeleteNotificationsResponse():
            return answer.last_revision if answer.removed else 0
        case _:
            return 0


def counts_as_unread(row: pb.Notification) -> bool:
    """Return whether a notification counts as unread: it is unread, and neither dismissed nor snoozed.

    This is what `unread_count` in `SubscribeResponse` counts.
    """
    return row.read_state == pb.READ_STATE_UNREAD and row.user_action_state not in _ASIDE


def is_over(expiring: pb.Notification | service_pb.SendResult, time: float) -> bool:
    """Return whether `expire_time` is before `time`, in seconds since 1970."""
    return expiring.expire_time.ToNanoseconds() / 1e9 < time


def is_for(row: pb.Notification, endpoint_id: str, platform: int) -> bool:
    """Return whether the target policy of a notification admits an endpoint, by its id or its platform.

    An empty policy admits every endpoint.
    """
    policy = row.target_policy
    everyone = not (policy.platforms or policy.endpoint_ids)
    return everyone or platform in policy.platforms or endpoint_id in policy.endpoint_ids


def versions_in_stream(stream: Stream) -> Iterator[Version]:
    """Yield what a stream tells of notifications, in order."""
    for received in stream.messages:
        for event in received.message.event_batch.events:
            yield Version(
                id=event.notification_id,
                revision=event.revision,
                row=None if event.removed else event.notification,
                source=stream.name,
                time=received.time,
            )


def versions_in_call(call: Call) -> Iterator[Version]:
    """Yield what the answer of a call tells of notifications; nothing for one of a send."""
    if not call.good or call.method not in ("GetNotification", "ListNotifications", "UpdateNotification"):
        return
    answer: Any = call.answer
    rows = answer.notifications if call.method == "ListNotifications" else [answer.notification]
    told = f"{call.method} at {call.ended:.3f}"
    for row in rows:
        yield Version(id=row.id, revision=row.revision, row=row, source=told, time=call.ended)
    for gone in answer.removed_notifications if call.method == "ListNotifications" else ():
        yield Version(id=gone.id, revision=gone.revision, row=None, source=told, time=call.ended)


def _bare(row: pb.Notification) -> pb.Notification:
    bare = pb.Notification()
    bare.CopyFrom(row)
    bare.ClearField("payload")
    return bare
