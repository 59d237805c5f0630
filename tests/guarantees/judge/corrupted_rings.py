"""Corruptions of what rings in a valid history; see `corrupted`."""

from tests.guarantees.judge.corrupted_deletions import Corruption, events_of
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.history import History


def a_ring_is_lost(history: History) -> None:
    """Remove the alert of an event that came live: what is there at the beginning need not ring."""
    synced = False
    for received in history.streams[0].messages:
        rings = [event for event in received.message.event_batch.events if event.alert]
        if synced and rings:
            rings[-1].alert = False
            return
        synced = synced or received.message.HasField("synced")
    raise LookupError("nothing rang live")


def a_ring_is_repeated(history: History) -> None:
    for stream in history.streams:
        settled = 0
        for received in stream.messages:
            for event in received.message.event_batch.events:
                if not event.removed and not event.alert and event.notification.alert_revision <= settled:
                    event.alert = True
                    return
            settled = received.message.revision if received.message.complete else settled
    raise LookupError("nothing that had rung changed")


def a_silent_send_rings(history: History) -> None:
    """Make an event of a live stream ring whose notification was sent silently."""
    silent = {
        call.answer.result.id
        for call in history.calls
        if isinstance(call.request, service_pb.SendNotificationRequest)
        and isinstance(call.answer, service_pb.SendNotificationResponse)
        and call.request.silent
    }
    event = next(
        event
        for stream in history.streams
        for event in events_of(stream)
        if event.notification_id in silent and event.change_type == feed_pb.CHANGE_TYPE_CREATED
    )
    event.alert = True
    event.notification.alert_revision = event.revision


RINGS: dict[Corruption, str] = {
    a_ring_is_lost: "Resumable",
    a_ring_is_repeated: "Resumable",
    a_silent_send_rings: "Resumable",
}
