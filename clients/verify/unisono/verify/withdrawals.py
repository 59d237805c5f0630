"""What the calls of a history may have withdrawn from one feed: notifications by name, or many at once.

The outcome of a call does not matter: one without an answer may have been carried out.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from math import inf
from typing import Final

from google.protobuf.message import Message

from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb

#: A request about several notifications.
Selecting = pb.MarkNotificationsRequest | pb.DeleteNotificationsRequest

#: The states in which a notification is created, and comes back from a snooze: nobody has to ask for them.
_FIRST: Final = {
    "read_state": notification_pb2.READ_STATE_UNREAD,
    "user_action_state": notification_pb2.USER_ACTION_STATE_NO_INTERACTION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A notification that may have been withdrawn, as far as it is known.

    `names` are its id and its key; `rows` are the states that clients received of it. `last` is what it was
    right before its removal; None where that is not known.
    """

    names: frozenset[str]
    rows: Collection[notification_pb2.Notification] = ()
    last: notification_pb2.Notification | None = None


@dataclass(slots=True)
class Withdrawals:
    """The calls about one feed that may have withdrawn something, or changed what others withdraw.

    Times are when they began, in seconds since 1970.
    """

    #: When a delete or a replacement of an id or key was first requested.
    named: dict[str, float] = field(default_factory=dict)
    _deletes: list[tuple[float, pb.DeleteNotificationsRequest]] = field(default_factory=list)
    _marks: list[tuple[float, pb.MarkNotificationsRequest]] = field(default_factory=list)
    #: The groups that something with this id or key was sent with, or was asked to be moved into.
    _groups: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _platforms: dict[str, int] = field(default_factory=dict)

    def learn(self, time: float, request: Message) -> None:
        """Learn from a request that concerns this feed, other than one of a send."""
        match request:
            case pb.DeleteNotificationRequest():
                self.end(time, _name(request.notification))
            case pb.DeleteNotificationsRequest():
                self._deletes.append((time, request))
            case pb.MarkNotificationsRequest():
                self._marks.append((time, request))
            case pb.UpdateNotificationRequest():
                self._groups[_name(request.notification)].add(request.content.group_name)
            case feed_pb.SubscribeRequest() | endpoint_pb.RegisterEndpointRequest():
                self._platforms.setdefault(request.endpoint_id, request.platform)

    def learn_send(self, time: float, sending: pb.SendNotificationRequest, id_: str = "") -> None:
        """Learn from a send to this feed; `id_` is what it was answered, if it was."""
        for name in filter(None, (id_, sending.app_notification_id)):
            self._groups[name].add(sending.group_name)
        if sending.on_conflict:
            self.end(time, sending.app_notification_id)

    def end(self, time: float, name: str) -> None:
        """Learn that somebody asked to withdraw or replace what has this id or key."""
        if name:
            self.named[name] = min(time, self.named.get(name, time))

    def may_concern(self, subject: Subject, time: float) -> bool:
        """Return whether anybody had asked, by `time`, for something that may have withdrawn the subject."""
        if any(self.named.get(name, inf) <= time for name in subject.names):
            return True
        return any(
            began <= time and self._may_delete(request, subject, time) for began, request in self._deletes
        )

    def _may_delete(self, request: pb.DeleteNotificationsRequest, subject: Subject, time: float) -> bool:
        newer = request.HasField("up_to_revision") and any(
            row.alert_revision > request.up_to_revision for row in subject.rows
        )
        return (
            not newer
            and self._may_select(request, subject)
            and self._may_be(subject, "read_state", request.read_state, time)
            and self._may_be(subject, "user_action_state", request.user_action_state, time)
        )

    def _may_select(self, request: Selecting, subject: Subject) -> bool:
        match request.WhichOneof("selector"):
            case "references":
                return any(_name(ref) in subject.names for ref in request.references.refs)
            case "group_name":
                return request.group_name in self._groups_of(subject)
            case _:
                return all(self._may_be_meant(row, request.endpoint_id) for row in subject.rows)

    def _groups_of(self, subject: Subject) -> set[str]:
        if subject.last is not None:
            return {subject.last.group_name}
        sent = (group for name in subject.names for group in self._groups.get(name, ()))
        return {row.group_name for row in subject.rows}.union(sent)

    def _may_be_meant(self, row: notification_pb2.Notification, endpoint_id: str) -> bool:
        policy, platform = row.target_policy, self._platforms.get(endpoint_id, 0)
        everyone = not endpoint_id or not (policy.platforms or policy.endpoint_ids)
        unknown = not platform and bool(policy.platforms)
        return everyone or unknown or platform in policy.platforms or endpoint_id in policy.endpoint_ids

    def _may_be(self, subject: Subject, part: str, state: int, time: float) -> bool:
        """Return whether a part of the state of the subject may have been this one; 0 is any."""
        if not state:
            return True
        if subject.last is not None:
            return bool(getattr(subject.last, part) == state)
        seen = any(getattr(row, part) == state for row in subject.rows)
        return (
            seen
            or state == _FIRST[part]
            or any(
                began <= time and getattr(mark, part) == state and self._may_select(mark, subject)
                for began, mark in self._marks
            )
        )


def _name(ref: notification_pb2.NotificationRef) -> str:
    return ref.id or ref.app_notification_id
