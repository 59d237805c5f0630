"""Corruptions of what a valid history says of the actions that users chose; see `corrupted`."""

from tests.guarantees.judge.corrupted_deletions import Corruption, events_of
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.history import History


def a_second_action_wins(history: History) -> None:
    """Make everybody see another action, as of the mark as read that came after the first one."""
    read = next(
        event.revision
        for event in events_of(history.streams[0])
        if event.notification.action_id and event.notification.read_state == pb.READ_STATE_READ
    )
    rows = [event.notification for stream in history.streams for event in events_of(stream)]
    for call in history.calls:
        if isinstance(call.answer, service_pb.ListNotificationsResponse):
            rows += call.answer.notifications
    for row in rows:
        if row.action_id and row.user_id == "ada" and row.revision == read:
            row.action_id = "archive"


def an_action_is_undone(history: History) -> None:
    """Make all lists show a row without its action, as of before the mark that brought it."""
    marked = next(
        call
        for call in history.calls
        if isinstance(call.request, service_pb.MarkNotificationsRequest) and call.request.action_id
    )
    assert isinstance(marked.request, service_pb.MarkNotificationsRequest)
    for call in history.calls:
        if isinstance(call.answer, service_pb.ListNotificationsResponse):
            for row in call.answer.notifications:
                if row.id == marked.request.references.refs[0].id:
                    row.action_id, row.revision = "", 1
                    row.user_action_state = pb.USER_ACTION_STATE_ACTIVATED


ACTIONS: dict[Corruption, str] = {
    a_second_action_wins: "Durable",
    an_action_is_undone: "Durable",
}
