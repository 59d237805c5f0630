"""Durable, of deletions: what was withdrawn stays gone, and nothing is withdrawn that nobody asked for."""

from collections.abc import Iterator

from google.protobuf.message import Message

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import Feed, FeedKey, feed_followed, feed_of, is_for
from unisono.verify.full_lists import listed, listings_of
from unisono.verify.history import Call, History


def deleted(history: History, feeds: dict[FeedKey, Feed]) -> Iterator[BrokenPromise]:
    """Yield a case for each row of a full list that an earlier deletion of many, answered OK, had to remove.

    Those are the rows that it names by id and has found, where it is not narrowed and skipped nothing; and
    those that it selects in any way, as of a revision before it began: at rest, they are as it found them.
    """
    deletes = [call for call in history.calls if isinstance(call.answer, pb.DeleteNotificationsResponse)]
    for listing in listings_of(history):
        key, rows = feed_of(listing), listed(listing)
        for call in deletes:
            if call.ended < listing.began and feed_of(call) == key:
                yield from _left(listing, rows, call, feeds[key].revision_before(call.began))


def _left(
    listing: Call, rows: dict[str, notification_pb2.Notification], call: Call, before: int
) -> Iterator[BrokenPromise]:
    """`before` is the revision that the feed had reached when the deletion began."""
    asked, answer = call.request, call.answer
    if not isinstance(asked, pb.DeleteNotificationsRequest):
        return
    if asked.HasField("up_to_revision"):
        before = min(before, asked.up_to_revision)
    removed = _removed(asked, answer)
    for row in rows.values():
        at_rest = row.revision <= before and _is_selected(row, asked) and _is_in_state(row, asked)
        if at_rest or row.id in removed:
            evidence = (
                f"a deletion that includes {row.id} was answered OK at {call.ended:.3f}",
                f"the list from {listing.began:.3f} has it as of revision {row.revision}",
            )
            yield BrokenPromise(promise="Durable", time=listing.began, evidence=evidence)


def _removed(asked: pb.DeleteNotificationsRequest, answer: Message | None) -> set[str]:
    """Return the ids of what is gone for certain by an answer, whatever happened to it before."""
    narrowed = asked.read_state or asked.user_action_state
    if narrowed or not isinstance(answer, pb.DeleteNotificationsResponse) or answer.skipped:
        return set()
    return _named(asked) - {ref.id for ref in answer.not_found}


def _named(asked: pb.DeleteNotificationsRequest) -> set[str]:
    return {ref.id for ref in asked.references.refs if ref.id}


def _is_selected(row: notification_pb2.Notification, asked: pb.DeleteNotificationsRequest) -> bool:
    """Return whether a row is selected for certain: not by key, nor by a platform that may be another."""
    match asked.WhichOneof("selector"):
        case "group_name":
            return row.group_name == asked.group_name
        case "all":
            return not asked.endpoint_id or is_for(row, asked.endpoint_id, 0)
        case _:
            return row.id in _named(asked)


def _is_in_state(row: notification_pb2.Notification, asked: pb.DeleteNotificationsRequest) -> bool:
    read = asked.read_state in (notification_pb2.READ_STATE_UNSPECIFIED, row.read_state)
    action = asked.user_action_state
    return read and action in (notification_pb2.USER_ACTION_STATE_UNSPECIFIED, row.user_action_state)


def unasked(history: History, feeds: dict[FeedKey, Feed]) -> Iterator[BrokenPromise]:
    """Yield a case for each event of a deleted notification whose deletion nobody had asked for.

    A deletion of many may have met what it selects; where a notification is known as it was right before,
    only if it was in the state, and in the group, that were asked for.
    """
    for stream in history.streams:
        feed = feeds[feed_followed(stream)]
        for received in stream.messages:
            for event in received.message.event_batch.events:
                if _is_deleted(event) and not _was_asked(event, feed, received.time):
                    evidence = (
                        f"{stream.name} was told that {event.notification_id} was deleted",
                        f"at revision {event.revision}, and nobody had asked for that",
                    )
                    yield BrokenPromise(promise="Durable", time=received.time, evidence=evidence)


def _is_deleted(event: feed_pb.Event) -> bool:
    return event.removed and event.change_type == feed_pb.CHANGE_TYPE_DELETED


def _was_asked(event: feed_pb.Event, feed: Feed, time: float) -> bool:
    key = event.notification.app_notification_id
    return feed.may_be_withdrawn(event.notification_id, key, time, revision=event.revision)
