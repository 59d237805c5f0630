"""Reads a batch of sends item by item, so that other work can go on between the items."""

from collections.abc import Sequence

from unisono.server.api.convert.requests import send_request
from unisono.server.api.convert.split import Malformed, TooMany, split
from unisono.server.api.decoding import malformed, parsed
from unisono.server.api.request_context import RequestContext
from unisono.server.api.sizes import check_size, request_size
from unisono.server.core.notifications import SendRequest
from unisono.server.errors import InvalidRequest, UnisonoError
from unisono.v1 import notification_service_pb2 as pb


class Batch:
    """The items of a `BatchSendNotificationsRequest`, split but not decoded yet."""

    def __init__(self, request_context: RequestContext, body: bytes) -> None:
        """Split an encoded request.

        Raises RequestMalformed when it is not one, and InvalidRequest unless it has 1 to `limits.batch_items`
        items.
        """
        self._request_context = request_context
        self._items = _items(body, request_context.limits.batch_items)
        self._limit = request_size(pb.SendNotificationRequest, request_context.limits)

    @property
    def items(self) -> Sequence[bytes]:
        """The encoded items, in the order of the request."""
        return self._items

    def request(self, item: bytes) -> SendRequest | UnisonoError:
        """Decode and validate one item.

        Returns its error instead of raising it: RequestTooLarge, RequestMalformed, or what `send_request`
        raises.
        """
        try:
            check_size(item, self._limit)
            return send_request(self._request_context, parsed(pb.SendNotificationRequest, item))
        except UnisonoError as error:
            return error.with_traceback(None)


def _items(body: bytes, max_items: int) -> list[bytes]:
    try:
        items = split(body, max_items)
    except Malformed as error:
        raise malformed(pb.BatchSendNotificationsRequest, str(error)) from error
    except TooMany as error:
        raise InvalidRequest.of("requests", f"must have at most {max_items} members") from error
    if not items:
        raise InvalidRequest.of("requests", "must have at least one member")
    return items
