"""Durable, of marks: a mark that was answered OK is in effect at any later moment."""

from collections.abc import Iterator

from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import Feed, FeedKey, feed_of
from unisono.verify.full_lists import listed, listings_of
from unisono.verify.history import Call, History


def marked(history: History, feeds: dict[FeedKey, Feed]) -> Iterator[BrokenPromise]:
    """Yield a case for each marked row that a later full list has unmarked, as of a revision before the mark.

    Marks that skipped a notification are not judged, nor are those with a selector other than ids.
    """
    marks = [call for call in history.calls if _is_plain(call)]
    for listing in listings_of(history):
        key, rows = feed_of(listing), listed(listing)
        for call in marks:
            if call.ended < listing.began and feed_of(call) == key:
                yield from _unmarked(listing, rows, call, feeds[key].revision_before(call.began))


def _unmarked(
    listing: Call, rows: dict[str, notification_pb2.Notification], call: Call, before: int
) -> Iterator[BrokenPromise]:
    """`before` is the revision that the feed had reached when the mark began: later changes may undo it."""
    asked = call.request
    if not isinstance(asked, pb.MarkNotificationsRequest):
        return
    for ref in asked.references.refs:
        row = rows.get(ref.id)
        if row is not None and row.revision <= before and not _is_as_asked(row, asked):
            evidence = (
                f"{ref.id} was marked, and answered OK at {call.ended:.3f}",
                f"the list from {listing.began:.3f} has it as of revision {row.revision}, unmarked",
            )
            yield BrokenPromise(promise="Durable", time=listing.began, evidence=evidence)


def _is_plain(call: Call) -> bool:
    """Return whether a call is a mark that was answered OK, and skipped nothing."""
    return isinstance(call.answer, pb.MarkNotificationsResponse) and not call.answer.skipped


def _is_as_asked(row: notification_pb2.Notification, asked: pb.MarkNotificationsRequest) -> bool:
    read = asked.read_state in (notification_pb2.READ_STATE_UNSPECIFIED, row.read_state)
    action = asked.user_action_state
    acted = action in (notification_pb2.USER_ACTION_STATE_UNSPECIFIED, row.user_action_state)
    return read and acted and asked.action_id in ("", row.action_id)
