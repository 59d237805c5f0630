"""Holds explanations against what the record says: each fact by itself, from what others were told."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.guarantees.stateful.explained_record import SERVICE, LifeRecord
from unisono.v1 import admin_service_pb2 as pb
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as notification_pb
from unisono.verify.feeds import counts_as_unread, is_for
from unisono.verify.sends import Sent

Explanation = pb.NotificationExplanation

#: What has to be so in a notification that is said not to ring for that: a field, and its value.
WHY_NOT: Final[Mapping[int, tuple[str, int]]] = {
    pb.RINGING_SILENT: ("alert_revision", 0),
    pb.RINGING_READ: ("read_state", notification_pb.READ_STATE_READ),
    pb.RINGING_DISMISSED: ("user_action_state", notification_pb.USER_ACTION_STATE_DISMISSED),
    pb.RINGING_SNOOZED: ("user_action_state", notification_pb.USER_ACTION_STATE_SNOOZED),
}

#: The fields of an explanation that are fields of a notification, and are as they are there.
AS_LISTED: Final = (
    *("sender_role", "create_time", "update_time", "revision", "expire_time", "read_state"),
    *("user_action_state", "alert_revision", "alert_time", "target_policy"),
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What was told of a user at one time: explanations, and what else was listed of it.

    `open_streams` are the endpoints whose devices have a stream, and have received all; `now` is in
    milliseconds since 1970.
    """

    pages: Sequence[pb.ExplainNotificationsResponse]
    named: dict[str, pb.ExplainNotificationsResponse]
    listed: Sequence[notification_pb.Notification]
    endpoints: Sequence[endpoint_pb.Endpoint]
    open_streams: Collection[str]
    last_revision: int
    now: int

    def explained(self) -> Iterator[Explanation]:
        """Yield all explanations of notifications."""
        for answer in (*self.pages, *self.named.values()):
            yield from answer.notifications


def hold(told: Told, life: LifeRecord) -> None:
    """Assert that all that is explained is as recorded, and that nothing is missing."""
    live = [one.id for page in told.pages for one in page.notifications if not one.HasField("removal")]
    assert live == [row.id for row in told.listed]
    assert all([one.id for one in answer.notifications] == [id_] for id_, answer in told.named.items())
    for answer in (*told.pages, *told.named.values()):
        assert answer.feed.last_revision == told.last_revision
        assert answer.feed.live_count == len(told.listed)
        assert answer.feed.unread_count == sum(map(counts_as_unread, told.listed))
        _hold_endpoints(answer, told, life)
    listed, sends = {row.id: row for row in told.listed}, life.sends()
    for one in told.explained():
        row = listed.get(one.id)
        _hold_creation(one, sends[one.id])
        _hold_change(one, life)
        if row is None:
            _hold_removal(one, life)
        else:
            _hold_state(one, row, told.now)
        _hold_deliveries(one, sends[one.id], told, life)


def _hold_endpoints(answer: pb.ExplainNotificationsResponse, told: Told, life: LifeRecord) -> None:
    registered = [one for one in answer.endpoints if not one.HasField("delete_time")]
    deleted = {one.endpoint_id for one in answer.endpoints} - {one.endpoint_id for one in registered}
    assert [one.endpoint_id for one in registered] == [one.endpoint_id for one in told.endpoints]
    assert deleted == life.deleted_endpoints() - {one.endpoint_id for one in told.endpoints}
    for one, listed in zip(registered, told.endpoints, strict=True):
        assert (one.platform, one.create_time) == (listed.platform, listed.create_time)
        assert one.acknowledged_revision == life.acknowledged(one.endpoint_id)
    positions = {
        stream.endpoint_id: (stream.position, stream.complete)
        for stream in answer.streams
        if not stream.superseded
    }
    for endpoint_id in told.open_streams:
        assert positions[endpoint_id] == (told.last_revision, True)


def _hold_creation(one: Explanation, sent: Sent) -> None:
    by_user = bool(sent.call.principal.user_id)
    role = notification_pb.SENDER_ROLE_USER if by_user else notification_pb.SENDER_ROLE_PUBLISHER
    assert one.sender_role == role
    assert (one.create_time, one.create_revision) == (sent.result.create_time, sent.result.revision)
    assert one.target_policy == sent.request.target_policy
    if one.HasField("silent"):
        assert one.silent == sent.request.silent
    else:
        assert one.revision != one.create_revision, "nothing hides whether it was silent"


def _hold_change(one: Explanation, life: LifeRecord) -> None:
    ended = (feed_pb.CHANGE_TYPE_EXPIRED, feed_pb.CHANGE_TYPE_DISPLACED)
    by_itself = one.HasField("removal") and one.removal in ended
    assert one.changed_by == (SERVICE if by_itself else life.by_call.get(one.revision, SERVICE))
    assert one.HasField("changed_by")


def _hold_removal(one: Explanation, life: LifeRecord) -> None:
    assert one.HasField("removal")
    assert one.ringing == pb.RINGING_REMOVED
    assert life.removals().get(one.id, one.removal) == one.removal
    versions = life.versions().versions[one.id]
    assert max((one.revision, *versions)) == one.revision, "something came after its removal"
    if one.revision in versions:
        assert versions[one.revision].row is None


def _hold_state(one: Explanation, row: notification_pb.Notification, now: int) -> None:
    for name in AS_LISTED:
        assert getattr(one, name) == getattr(row, name), name
    assert one.HasField("snooze_until") == row.HasField("snooze_until")
    assert one.snooze_until == row.snooze_until
    ends = row.expire_time.ToMilliseconds()
    if row.HasField("display_time_to_live"):
        ends = min(ends, row.alert_time.ToMilliseconds() + row.display_time_to_live.ToMilliseconds())
    rings = counts_as_unread(row) and row.alert_revision > 0 and now < ends
    assert (one.ringing == pb.RINGING_RINGS) == rings
    assert one.HasField("rings_until") == rings
    if rings:
        assert one.rings_until.ToMilliseconds() == ends
    if one.ringing in WHY_NOT:
        name, value = WHY_NOT[one.ringing]
        assert getattr(row, name) == value
    assert one.ringing != pb.RINGING_DISPLAY_ENDED or (counts_as_unread(row) and ends <= now)


def _hold_deliveries(one: Explanation, sent: Sent, told: Told, life: LifeRecord) -> None:
    by_endpoint = {each.endpoint_id: each for each in one.deliveries}
    platforms = {each.endpoint_id: each for page in told.pages for each in page.endpoints}
    registered = {endpoint.endpoint_id: endpoint for endpoint in told.endpoints}
    assert by_endpoint.keys() == platforms.keys()
    policy = notification_pb.Notification(target_policy=sent.request.target_policy)
    for endpoint_id, each in by_endpoint.items():
        if not is_for(policy, endpoint_id, platforms[endpoint_id].platform):
            expected: tuple[int, int] = (pb.REACH_NOT_TARGETED, pb.RECEIPT_UNSPECIFIED)
        elif endpoint_id not in registered:
            expected = pb.REACH_ENDPOINT_DELETED, pb.RECEIPT_UNSPECIFIED
        else:
            later = registered[endpoint_id].create_time.ToNanoseconds() > one.alert_time.ToNanoseconds()
            reach = pb.REACH_REGISTERED_LATER if later else pb.REACH_MEANT
            expected = reach, _receipt(life.acknowledged(endpoint_id), one)
        assert (each.reach, each.receipt) == expected, endpoint_id


def _receipt(acknowledged: int, one: Explanation) -> int:
    if not acknowledged:
        return pb.RECEIPT_NOT_KNOWN
    if acknowledged >= one.revision:
        return pb.RECEIPT_ACKNOWLEDGED
    return pb.RECEIPT_EARLIER_STATE if acknowledged >= one.create_revision else pb.RECEIPT_NOT_ACKNOWLEDGED
