"""Corruptions of what a valid history says of polls; see `corrupted`."""

from collections.abc import Iterator

from tests.guarantees.judge.corrupted_deletions import Corruption
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.history import History


def a_poll_lacks_a_change(history: History) -> None:
    del next(page.notifications for page in _polled(history) if page.notifications)[0]


def a_poll_lacks_a_removal(history: History) -> None:
    del next(page.removed_notifications for page in _polled(history) if page.removed_notifications)[0]


def a_poll_goes_back(history: History) -> None:
    """The last page of the last poll, which began after all changes."""
    *_, last = (
        call.answer
        for call in history.calls
        if isinstance(call.answer, service_pb.ListNotificationsResponse) and call.answer.last_revision
    )
    last.last_revision = 5


def a_poll_tells_otherwise_than_streams(history: History) -> None:
    row = next(page.notifications for page in _polled(history) if page.notifications)[0]
    row.group_name = "of another"


def _polled(history: History) -> Iterator[service_pb.ListNotificationsResponse]:
    """Return the pages of polls that do not begin with the feed."""
    for call in history.calls:
        asked, answer = call.request, call.answer
        if isinstance(asked, service_pb.ListNotificationsRequest) and asked.changed_after:
            assert isinstance(answer, service_pb.ListNotificationsResponse)
            yield answer


POLLS: dict[Corruption, str] = {
    a_poll_lacks_a_change: "Complete",
    a_poll_lacks_a_removal: "Complete",
    a_poll_goes_back: "Durable",
    a_poll_tells_otherwise_than_streams: "Convergent",
}
