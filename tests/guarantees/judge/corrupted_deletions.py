"""Corruptions of what a valid history says of deletions of many; see `corrupted`."""

from collections.abc import Callable, Iterator, MutableSequence

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.feeds import feed_of
from unisono.verify.full_lists import listings_of
from unisono.verify.history import History, Stream

Corruption = Callable[[History], None]


def events_of(stream: Stream) -> Iterator[feed_pb.Event]:
    """Yield the events of a stream in their order."""
    for received in stream.messages:
        yield from received.message.event_batch.events


def _asked(history: History) -> Iterator[service_pb.DeleteNotificationsRequest]:
    """Yield what was asked to be deleted: in each round a group of which one was read, then two by name.

    The second of these was gone already.
    """
    for call in history.calls:
        if isinstance(call.request, service_pb.DeleteNotificationsRequest):
            yield call.request


def _list_again(history: History, id_: str) -> None:
    """Make the last list show a removed one as it was when it was sent."""
    event = next(event for stream in history.streams for event in events_of(stream) if _sends(event, id_))
    _last_list(history, event.notification.user_id).append(event.notification)


def _sends(event: feed_pb.Event, id_: str) -> bool:
    return event.notification_id == id_ and event.change_type == feed_pb.CHANGE_TYPE_CREATED


def _last_list(history: History, user_id: str) -> MutableSequence[pb.Notification]:
    """Return what the last full list of a user shows."""
    *_, listing = (call for call in listings_of(history) if feed_of(call).user_id == user_id)
    assert isinstance(listing.answer, service_pb.ListNotificationsResponse)
    return listing.answer.notifications


def what_was_named_to_be_deleted_is_still_there(history: History) -> None:
    asked = next(one for one in _asked(history) if one.HasField("references"))
    _list_again(history, asked.references.refs[0].id)


def what_was_in_the_state_to_be_deleted_is_still_there(history: History) -> None:
    """Make as if the last round had asked for what is unread, and as if something else were of its group."""
    asked = next(one for one in reversed(list(_asked(history))) if one.HasField("group_name"))
    asked.read_state = pb.READ_STATE_UNREAD
    row = next(row for row in _last_list(history, asked.user_id) if row.read_state == pb.READ_STATE_UNREAD)
    row.group_name = asked.group_name


def what_was_in_another_state_is_deleted(history: History) -> None:
    """Make as if only what was opened had been asked for; nothing was."""
    for asked in _asked(history):
        if asked.HasField("group_name"):
            asked.user_action_state = pb.USER_ACTION_STATE_ACTIVATED


def what_was_of_another_group_is_deleted(history: History) -> None:
    for asked in _asked(history):
        if asked.HasField("group_name"):
            asked.group_name = "others"


def what_is_deleted_was_not_named(history: History) -> None:
    for asked in _asked(history):
        if asked.HasField("references"):
            del asked.references.refs[0]


def a_deletion_finds_what_is_anothers(history: History) -> None:
    asked = next(one for one in _asked(history) if one.HasField("references"))
    sent = next(
        call
        for call in history.calls
        if isinstance(call.request, service_pb.SendNotificationRequest)
        and call.request.user_id != asked.user_id
    )
    assert isinstance(sent.answer, service_pb.SendNotificationResponse)
    asked.references.refs.append(pb.NotificationRef(id=sent.answer.result.id))


DELETIONS: dict[Corruption, str] = {
    what_was_named_to_be_deleted_is_still_there: "Durable",
    what_was_in_the_state_to_be_deleted_is_still_there: "Durable",
    what_was_in_another_state_is_deleted: "Durable",
    what_was_of_another_group_is_deleted: "Durable",
    what_is_deleted_was_not_named: "Durable",
    a_deletion_finds_what_is_anothers: "Isolated",
}
