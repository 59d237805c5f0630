"""The list of what changed in a feed since a revision, which says where to go on."""

from collections.abc import AsyncGenerator

from unisono.client import _convert
from unisono.client._errors import InternalError
from unisono.client._model import Change
from unisono.client._wire import methods
from unisono.client._wire.caller import Deadline, RpcCaller
from unisono.client._wire.page_tokens import PageTokens
from unisono.v1 import notification_service_pb2 as pb


class Changes:
    """What changed in a feed after a revision: iterate it with `async for`, and go on after `last_revision`.

    A `Notification` is as it is now, a `RemovedNotification` is gone; they come in the order of their
    revisions, each once, or again in a later state where it changed meanwhile. Iterating once more asks for
    what has changed since. Pages are requested as needed, each within the timeout of the call.
    """

    def __init__(self, caller: RpcCaller, request: pb.ListNotificationsRequest, timeout: float) -> None:
        self._caller = caller
        self._request = request
        self._timeout = timeout
        self._last_revision = request.changed_after

    @property
    def last_revision(self) -> int:
        """The feed's revision up to which all was given: at first the one that the list began with.

        It moves when a page has been given as a whole. At the end of an iteration it is the feed's revision:
        who applied all that was given holds what the feed held then.
        """
        return self._last_revision

    async def __aiter__(self) -> AsyncGenerator[Change, None]:
        tokens = PageTokens()
        request = pb.ListNotificationsRequest()
        request.CopyFrom(self._request)
        request.changed_after = self._last_revision
        while True:
            page = await self._caller.call(methods.LIST, request, Deadline(self._timeout))
            changes = _in_order(page)
            _check(page, [self._last_revision, *(change.revision for change in changes)])
            for change in changes:
                yield change
            self._last_revision = page.last_revision
            if not page.next_page_token:
                return
            tokens.follow(page.next_page_token, len(changes))
            request.page_token = page.next_page_token


def _check(page: pb.ListNotificationsResponse, revisions: list[int]) -> None:
    """Raise `InternalError` for a page that does not reach what is on it: it answers another question."""
    if page.last_revision < max(revisions):
        raise InternalError("the server does not list what changed: it is older than changed_after")


def _in_order(page: pb.ListNotificationsResponse) -> list[Change]:
    """Return what is on a page by ascending revision."""
    live: list[Change] = [_convert.notification(row) for row in page.notifications]
    gone: list[Change] = [_convert.removed_notification(row) for row in page.removed_notifications]
    return sorted(live + gone, key=lambda change: change.revision)
