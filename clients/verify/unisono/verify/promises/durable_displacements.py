"""Durable, in full feeds: only what was read or dismissed gives way to what is new, and it is gone then."""

from collections.abc import Iterator

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import Feed, FeedKey, feed_followed, feed_of, feed_sent_to
from unisono.verify.full_lists import listed, listings_of
from unisono.verify.history import History
from unisono.verify.sends import sends_of


def displaced(history: History, feeds: dict[FeedKey, Feed]) -> Iterator[BrokenPromise]:
    """Yield a case for each displaced notification that was waiting, and each that a later list still has.

    One was waiting where it is known as it was right before, and that is neither read nor dismissed, or it is
    snoozed.
    """
    yield from _waiting(history, feeds)
    gone = [(sent, id_) for sent in sends_of(history) for id_ in sent.result.displaced_ids]
    for listing in listings_of(history) if gone else ():
        rows = listed(listing)
        for sent, id_ in gone:
            after = sent.call.ended < listing.began and feed_sent_to(sent) == feed_of(listing)
            if after and id_ in rows:
                evidence = (
                    f"{id_} gave way to {sent.result.id}, which was answered OK at {sent.call.ended:.3f}",
                    f"the list from {listing.began:.3f} still has it",
                )
                yield BrokenPromise(promise="Durable", time=listing.began, evidence=evidence)


def _waiting(history: History, feeds: dict[FeedKey, Feed]) -> Iterator[BrokenPromise]:
    for stream in history.streams:
        feed = feeds[feed_followed(stream)]
        for received in stream.messages:
            for event in received.message.event_batch.events:
                if event.change_type != feed_pb.CHANGE_TYPE_DISPLACED:
                    continue
                row = feed.right_before(event.notification_id, event.revision)
                if row is not None and not _is_settled(row):
                    evidence = (
                        f"{stream.name} was told that {event.notification_id} gave way to another",
                        f"at revision {event.revision}; it was not settled as of revision {row.revision}",
                    )
                    yield BrokenPromise(promise="Durable", time=received.time, evidence=evidence)


def _is_settled(row: pb.Notification) -> bool:
    dismissed = row.user_action_state == pb.USER_ACTION_STATE_DISMISSED
    done = row.read_state == pb.READ_STATE_READ or dismissed
    return done and row.user_action_state != pb.USER_ACTION_STATE_SNOOZED
