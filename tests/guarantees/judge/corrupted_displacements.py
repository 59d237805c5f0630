"""Corruptions of what a valid history says of full feeds; see `corrupted`."""

from tests.guarantees.judge.corrupted_deletions import Corruption, events_of
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.full_lists import listings_of
from unisono.verify.history import History


def what_waits_gives_way(history: History) -> None:
    """Make as if what was deleted, right after it was sent, had given way."""
    for stream in history.streams:
        for event in events_of(stream):
            if event.removed:
                event.change_type = feed_pb.CHANGE_TYPE_DISPLACED


def what_gave_way_is_still_listed(history: History) -> None:
    *_, listing = listings_of(history)
    assert isinstance(listing.answer, service_pb.ListNotificationsResponse)
    row = listing.answer.notifications[0]
    sent = next(
        call.answer
        for call in history.calls
        if isinstance(call.request, service_pb.SendNotificationRequest)
        and call.request.user_id == row.user_id
    )
    assert isinstance(sent, service_pb.SendNotificationResponse)
    sent.result.displaced_ids.append(row.id)


DISPLACEMENTS: dict[Corruption, str] = {
    what_waits_gives_way: "Durable",
    what_gave_way_is_still_listed: "Durable",
}
