"""Finds the lists that show all notifications of a feed."""

from collections.abc import Iterator

from google.protobuf.message import Message

from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.history import Call, History


def listings_of(history: History) -> Iterator[Call]:
    """Yield the answered list calls without a filter whose first page has the whole feed."""
    for call in history.calls:
        answer = call.answer
        unfiltered = _names(call.request) <= {"user_id", "page_size"}
        if isinstance(answer, pb.ListNotificationsResponse) and unfiltered and not answer.next_page_token:
            yield call


def listed(listing: Call) -> dict[str, notification_pb2.Notification]:
    """Return the notifications in the answer of a list call, by id; empty for any other call."""
    answer = listing.answer
    rows = answer.notifications if isinstance(answer, pb.ListNotificationsResponse) else ()
    return {row.id: row for row in rows}


def _names(request: Message) -> set[str]:
    return {field.name for field, _ in request.ListFields()}
