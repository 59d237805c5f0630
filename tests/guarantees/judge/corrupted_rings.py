"""Corruptions of what rings in a valid history; see `corrupted`."""

from dataclasses import replace

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


def a_device_rings_twice(history: History) -> None:
    ring = history.rings[0]
    history.rings.append(replace(ring, time=ring.time + 0.001))


def a_device_rings_for_what_was_handled(history: History) -> None:
    """Let the first ring, for what was read later, sound at the end."""
    ring, last = history.rings[0], history.streams[-1].messages[-1]
    own = next(
        received
        for stream in reversed(history.streams)
        if (stream.principal.user_id, stream.request.endpoint_id)
        == (ring.principal.user_id, ring.endpoint_id)
        for received in reversed(stream.messages)
        if received.message.complete
    )
    history.rings[0] = replace(ring, revision=own.message.revision, time=last.time + 1)


def a_device_rings_where_it_never_was(history: History) -> None:
    history.rings[0] = replace(history.rings[0], revision=10**6)


def a_device_plays_back_what_it_missed(history: History) -> None:
    """Let its last two rings sound after a stall, which began before it was complete for the first time."""
    (stall,) = history.stalls
    history.stalls[0] = replace(stall, began=0.0)
    own = [
        number
        for number, ring in enumerate(history.rings)
        if (ring.principal, ring.endpoint_id) == (stall.principal, stall.endpoint_id)
    ]
    for number in own[-2:]:
        history.rings[number] = replace(history.rings[number], time=stall.ended + 0.001)


RINGS: dict[Corruption, str] = {
    a_ring_is_lost: "Resumable",
    a_ring_is_repeated: "Resumable",
    a_silent_send_rings: "Resumable",
    a_device_rings_twice: "Resumable",
    a_device_rings_for_what_was_handled: "Resumable",
    a_device_rings_where_it_never_was: "Resumable",
    a_device_plays_back_what_it_missed: "Collapsed",
}
