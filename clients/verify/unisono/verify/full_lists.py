"""Lists that show everything that a feed holds. Knows no promise."""

from collections.abc import Iterator

from google.protobuf.message import Message

from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.history import Call, History


def listings_of(history: History) -> Iterator[Call]:
    """Those without a filter, in which one page has all that there is."""
    for call in history.calls:
        answer = call.answer
        unfiltered = _names(call.request) <= {"user_id", "page_size"}
        if isinstance(answer, pb.ListNotificationsResponse) and unfiltered and not answer.next_page_token:
            yield call


def listed(listing: Call) -> dict[str, notification_pb2.Notification]:
    """What such a list shows, by id."""
    answer = listing.answer
    rows = answer.notifications if isinstance(answer, pb.ListNotificationsResponse) else ()
    return {row.id: row for row in rows}


def _names(request: Message) -> set[str]:
    return {field.name for field, _ in request.ListFields()}
