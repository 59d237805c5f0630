"""The calls that publishers and devices share: builds all requests but sends, and converts the answers."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import TypedDict

from google.protobuf.field_mask_pb2 import FieldMask

from unisono.client import _arguments, _convert
from unisono.client._changes import Changes
from unisono.client._drafts import PayloadContent, payload
from unisono.client._model import Endpoint, Feed, Notification, Page, Priority, ReadState, UserActionState
from unisono.client._refs import Ref, ref
from unisono.client._results import DeleteManyResult, DeleteResult, MarkResult
from unisono.client._wire import methods
from unisono.client._wire.caller import Deadline, RpcCaller
from unisono.client._wire.page_tokens import PageTokens
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as pb


class Filter(TypedDict, total=False):
    """The keywords that filter a list, combined with "and". What is left out lets everything pass.

    read_state, user_action_state: only what is in this state.
    group_name, category: only of this group or category; empty: only without one.
    start_time, end_time: only created at or after the one, and before the other. Aware datetimes.
    """

    read_state: ReadState
    user_action_state: UserActionState
    group_name: str
    category: str
    start_time: datetime
    end_time: datetime


class Patch(PayloadContent, total=False):
    """The keywords of new content, at least one. What is left out stays; None clears what can be cleared.

    title, body, link, icon_url, image_url, actions, format, raw_content, data: the payload, which is replaced
        as a whole when any of them is given: the others are empty then. As in `Content`.
    group_name, category, priority, display_time_to_live: as in `Content`; None clears.
    expire_time: an aware datetime in the future, at most 30 days ahead. It cannot be cleared.
    """

    group_name: str | None
    category: str | None
    priority: Priority | None
    display_time_to_live: timedelta | None
    expire_time: datetime


class ServiceClient:
    """Typed calls of one principal. Each takes a `timeout` in seconds that includes all its retries;
    that of a list is for each page.

    All raise `UnisonoError` as `RpcCaller.call` does, `TypeError` for an argument of a wrong name or type,
    and whatever the provider of tokens raises.
    """

    def __init__(self, caller: RpcCaller) -> None:
        self._caller = caller

    async def get_notification(self, user_id: str, named: Ref, timeout: float) -> Notification:
        """Return one live notification with its content. Raises `NotFound`."""
        _arguments.check("user_id", user_id, str)
        request = pb.GetNotificationRequest(user_id=user_id, notification=ref(named))
        answer = await self._caller.call(methods.GET, request, Deadline(timeout))
        return _convert.notification(answer.notification)

    def list_notifications(
        self, user_id: str, filter_: Filter, *, page_size: int = 0, timeout: float, endpoint_id: str = ""
    ) -> AsyncGenerator[Notification, None]:
        """Return an iterator over the history, newest first. A page is requested when it is needed.

        Each page may take `timeout`; `page_size` 0 means the server's 50. With an `endpoint_id`, only what is
        meant for that endpoint, and `NotFound` where it is not registered. Arguments are checked at once;
        the iteration raises the errors of calls.
        """
        return self._pages(_list_request(user_id, filter_, page_size, endpoint_id), timeout)

    async def list_page(
        self, user_id: str, filter_: Filter, *, page_token: str, page_size: int, timeout: float
    ) -> Page:
        """Return one page of the history, newest first: the first, or the one that a page's token leads to.

        Raises `InvalidRequest` for a token that was not given out for this user and these filters.
        """
        request = _list_request(user_id, filter_, page_size, "")
        _arguments.check("page_token", page_token, str)
        request.page_token = page_token
        answer = await self._caller.call(methods.LIST, request, Deadline(timeout))
        rows = tuple(_convert.notification(row) for row in answer.notifications)
        return Page(notifications=rows, next_page_token=answer.next_page_token)

    async def _pages(
        self, request: pb.ListNotificationsRequest, timeout: float
    ) -> AsyncGenerator[Notification, None]:
        tokens = PageTokens()
        while True:
            page = await self._caller.call(methods.LIST, request, Deadline(timeout))
            for row in page.notifications:
                yield _convert.notification(row)
            if not page.next_page_token:
                return
            tokens.follow(page.next_page_token, len(page.notifications))
            request.page_token = page.next_page_token

    def list_changes(
        self, user_id: str, after: int, *, page_size: int = 0, timeout: float, endpoint_id: str = ""
    ) -> Changes:
        """Return what changed in a feed after a revision, to be iterated; 0: all that is there.

        Pages and endpoint as for `list_notifications`. The iteration raises `RevisionOutOfRange` where what
        changed since is not known any more.
        """
        _arguments.check("user_id", user_id, str)
        _arguments.check("after", after, int)
        _arguments.check("page_size", page_size, int)
        request = pb.ListNotificationsRequest(
            user_id=user_id, endpoint_id=endpoint_id, page_size=page_size, changed_after=after
        )
        return Changes(self._caller, request, timeout)

    async def update_notification(
        self,
        user_id: str,
        named: Ref,
        patch: Patch,
        *,
        silent: bool,
        expected_revision: int | None,
        timeout: float,
        endpoint_id: str = "",
    ) -> Notification:
        """Patch the content of one notification, and return it as it is after that.

        Raises `NotFound`, `PermissionDenied` where the other role created it, and `RevisionMismatch`.
        """
        _arguments.check("user_id", user_id, str)
        _arguments.check("expected_revision", expected_revision, int | None)
        _arguments.check_options(patch, Patch)
        request = pb.UpdateNotificationRequest(
            user_id=user_id,
            endpoint_id=endpoint_id,
            notification=ref(named),
            content=_content(patch),
            update_mask=FieldMask(paths=_paths(patch)),
            silent=silent,
            expected_revision=expected_revision,
        )
        answer = await self._caller.call(methods.UPDATE, request, Deadline(timeout))
        return _convert.notification(answer.notification)

    async def mark_notifications(self, request: pb.MarkNotificationsRequest, timeout: float) -> MarkResult:
        """Send a mark, as `marking` makes it, and return its result.

        Raises `NotFound` when it names notifications and none is live, and `RevisionMismatch`.
        """
        return _convert.mark_result(await self._caller.call(methods.MARK, request, Deadline(timeout)))

    async def delete_notification(
        self,
        user_id: str,
        named: Ref,
        *,
        expected_revision: int | None,
        timeout: float,
        endpoint_id: str = "",
    ) -> DeleteResult:
        """Withdraw one notification from every device and from the history.

        Raises `NotFound` for what never was or has been purged, and `RevisionMismatch`.
        """
        _arguments.check("user_id", user_id, str)
        _arguments.check("expected_revision", expected_revision, int | None)
        request = pb.DeleteNotificationRequest(
            user_id=user_id,
            endpoint_id=endpoint_id,
            notification=ref(named),
            expected_revision=expected_revision,
        )
        return _convert.delete_result(await self._caller.call(methods.DELETE, request, Deadline(timeout)))

    async def delete_notifications(
        self, request: pb.DeleteNotificationsRequest, timeout: float
    ) -> DeleteManyResult:
        """Send a deletion of many, as `deleting` makes it, and return its result.

        Raises `NotFound` when it names notifications and none of them is known.
        """
        answer = await self._caller.call(methods.DELETE_MANY, request, Deadline(timeout))
        return _convert.delete_many_result(answer)

    async def get_feed(self, user_id: str, *, timeout: float, endpoint_id: str = "") -> Feed:
        """Return the last revision and the unread count of a feed; the count of one endpoint if it is named.

        Raises `NotFound` where that endpoint is not registered.
        """
        _arguments.check("user_id", user_id, str)
        request = feed_pb.GetFeedRequest(user_id=user_id, endpoint_id=endpoint_id)
        return _convert.feed(await self._caller.call(methods.GET_FEED, request, Deadline(timeout)))

    async def delete_feed(self, user_id: str, *, bar_for: timedelta | None, timeout: float) -> bool:
        """Delete everything of a user, and return whether there was anything."""
        _arguments.check("user_id", user_id, str)
        _arguments.check("bar_for", bar_for, timedelta | None)
        request = feed_pb.DeleteFeedRequest(user_id=user_id, bar_for=_convert.duration(bar_for))
        return not (await self._caller.call(methods.DELETE_FEED, request, Deadline(timeout))).already_removed

    async def list_endpoints(self, user_id: str, timeout: float) -> tuple[Endpoint, ...]:
        """Return the endpoints of a user, in the order of registration; empty when there are none."""
        _arguments.check("user_id", user_id, str)
        request = endpoint_pb.ListEndpointsRequest(user_id=user_id)
        answer = await self._caller.call(methods.LIST_ENDPOINTS, request, Deadline(timeout))
        return tuple(_convert.endpoint(row) for row in answer.endpoints)

    async def delete_endpoint(
        self, user_id: str, endpoint_id: str, *, may_return: bool, timeout: float
    ) -> bool:
        """Delete an endpoint, and return False where it was deleted before.

        With `may_return` its id may be registered anew at once. Raises `NotFound` where there is none.
        """
        _arguments.check("user_id", user_id, str)
        _arguments.check("endpoint_id", endpoint_id, str)
        _arguments.check("may_return", may_return, bool)
        request = endpoint_pb.DeleteEndpointRequest(
            user_id=user_id, endpoint_id=endpoint_id, may_return=may_return
        )
        answer = await self._caller.call(methods.DELETE_ENDPOINT, request, Deadline(timeout))
        return not answer.already_removed


def _list_request(
    user_id: str, filter_: Filter, page_size: int, endpoint_id: str
) -> pb.ListNotificationsRequest:
    _arguments.check("user_id", user_id, str)
    _arguments.check("page_size", page_size, int)
    _arguments.check_options(filter_, Filter)
    return pb.ListNotificationsRequest(
        user_id=user_id,
        endpoint_id=endpoint_id,
        page_size=page_size,
        read_state=_convert.read_state_number(filter_.get("read_state", ReadState.UNSPECIFIED)),
        user_action_state=_convert.user_action_state_number(
            filter_.get("user_action_state", UserActionState.UNSPECIFIED)
        ),
        group_name=filter_.get("group_name"),
        category=filter_.get("category"),
        start_time=_convert.timestamp("start_time", filter_.get("start_time")),
        end_time=_convert.timestamp("end_time", filter_.get("end_time")),
    )


def _content(patch: Patch) -> pb.NotificationContent:
    return pb.NotificationContent(
        payload=payload(patch),
        group_name=patch.get("group_name") or "",
        category=patch.get("category") or "",
        priority=_convert.priority_number(patch.get("priority") or Priority.UNSPECIFIED),
        display_time_to_live=_convert.duration(patch.get("display_time_to_live")),
        expire_time=_convert.timestamp("expire_time", patch.get("expire_time")),
    )


def _paths(patch: Patch) -> list[str]:
    """Return the fields that a patch names, as the proto names them."""
    parts = PayloadContent.__annotations__
    return list(dict.fromkeys("payload" if name in parts else name for name in patch))
