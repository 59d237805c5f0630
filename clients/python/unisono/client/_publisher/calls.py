"""The calls of a publisher about what is in a feed already, and about its devices."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Unpack

from unisono.client import _arguments
from unisono.client._arguments import Seconds
from unisono.client._calls import Filter, Patch, ServiceClient
from unisono.client._changes import Changes
from unisono.client._model import Endpoint, Feed, Notification, Page, ReadState, UserActionState
from unisono.client._refs import Ref
from unisono.client._results import DeleteManyResult, DeleteResult, MarkResult
from unisono.client._selections import Selector, State, deleting, marking


class PublisherCalls:
    """The part of `Publisher` that sends nothing; `timeout` is of each call, in seconds, None its own."""

    def __init__(self, calls: ServiceClient, *, timeout: float) -> None:
        self._calls = calls
        self._timeout = timeout

    async def get(self, user_id: str, notification: Ref, *, timeout: Seconds | None = None) -> Notification:
        """Return one live notification with its content. Raises `NotFound`, also for what is gone."""
        return await self._calls.get_notification(user_id, notification, self._within(timeout))

    def list(
        self, user_id: str, *, page_size: int = 0, timeout: Seconds | None = None, **filters: Unpack[Filter]
    ) -> AsyncGenerator[Notification, None]:
        """Return an iterator over the user's history, newest first by creation, with content.

            async for notification in publisher.list("ada"): ...

        Filters (see `Filter`): read_state, user_action_state, group_name, category, start_time, end_time.
        What was read or dismissed is in it until it expires, is deleted or displaced. A page (of
        `page_size`, at most 500; 0: the server's default, 50) is requested when it is needed, each within
        `timeout`. Wrong arguments raise at once, all other errors come from the iteration.
        """
        return self._calls.list_notifications(
            user_id, filters, page_size=page_size, timeout=self._within(timeout)
        )

    async def page(
        self,
        user_id: str,
        page_token: str = "",
        *,
        page_size: int = 0,
        timeout: Seconds | None = None,
        **filters: Unpack[Filter],
    ) -> Page:
        """Return a page of the user's history, as `list` has it: for a program that shows pages to people.

            page = await publisher.page("ada", page_size=20)
            page = await publisher.page("ada", page.next_page_token, page_size=20)

        The token of the page before leads to the next, with the same filters; empty, to the first. Only an
        empty `next_page_token` is the end: with filters, a page may be short or empty before that. Raises
        `InvalidRequest` for a token that was not given out for this user and these filters.
        """
        return await self._calls.list_page(
            user_id, filters, page_token=page_token, page_size=page_size, timeout=self._within(timeout)
        )

    def changes(
        self, user_id: str, after: int = 0, *, page_size: int = 0, timeout: Seconds | None = None
    ) -> Changes:
        """Return what changed in a user's feed after a revision: for a backend that asks now and then.

            changes = publisher.changes("ada", after=stored)
            async for change in changes: ...
            stored = changes.last_revision

        A `Notification` is as it is now, reads and actions included; a `RemovedNotification` is gone. 0
        begins with all that is live, for who holds nothing. The iteration raises `RevisionOutOfRange` where
        the server may have forgotten removals since (by default after 30 days), or the feed began anew:
        discard what you hold, and begin with 0. Pages are as for `list`.
        """
        return self._calls.list_changes(user_id, after, page_size=page_size, timeout=self._within(timeout))

    async def update(
        self,
        user_id: str,
        notification: Ref,
        *,
        silent: bool = False,
        expected_revision: int | None = None,
        timeout: Seconds | None = None,
        **patch: Unpack[Patch],
    ) -> Notification:
        """Change the content of one notification on every device, and return it as it is after that.

        New content (see `Patch`), at least one: title, body, link, icon_url, image_url, actions, format,
        raw_content, data, group_name, category, priority, display_time_to_live, expire_time. Any of the first
        nine replaces all nine and rings again, unless `silent`; None clears group_name, category, priority
        and display_time_to_live.

        Raises `NotFound` for what is not live, `PermissionDenied` for what a device created, and
        `QuotaExceeded` where the feed has no room for the growth. With `expected_revision`, raises
        `RevisionMismatch` unless the notification is at that revision, or is as asked already.
        """
        return await self._calls.update_notification(
            user_id,
            notification,
            patch,
            silent=silent,
            expected_revision=expected_revision,
            timeout=self._within(timeout),
        )

    async def mark(
        self,
        user_id: str,
        selector: Selector,
        *,
        expected_revision: int | None = None,
        timeout: Seconds | None = None,
        **state: Unpack[State],
    ) -> MarkResult:
        """Mark one, several, a `Group` or `Everything` as read, dismissed and so on, on every device.

        The new state (see `State`): read_state, user_action_state, action_id, snooze_until, snooze_for,
        up_to_revision.

        By name, at most 500: raises `NotFound` if none of them is live, and lists those that are not in
        `MarkResult.not_found`. A group and everything are marked in several commits: after an error a part
        may be done, and repeating the call does the rest. `expected_revision` needs exactly one reference,
        and raises `RevisionMismatch` unless that is at this revision, or is as asked already.
        """
        request = marking(user_id, selector, state, expected_revision=expected_revision)
        return await self._calls.mark_notifications(request, self._within(timeout))

    async def delete(
        self,
        user_id: str,
        notification: Ref,
        *,
        expected_revision: int | None = None,
        timeout: Seconds | None = None,
    ) -> DeleteResult:
        """Withdraw one notification from every device and from the history.

        What was deleted or has expired already is no error for as long as the server keeps its tombstone
        (by default 30 days): see `DeleteResult.already_removed`. Raises `NotFound` for all else that is not
        in the feed, and `RevisionMismatch` if it is live and not at the `expected_revision`.
        """
        return await self._calls.delete_notification(
            user_id, notification, expected_revision=expected_revision, timeout=self._within(timeout)
        )

    async def delete_many(
        self,
        user_id: str,
        selector: Selector,
        *,
        read_state: ReadState = ReadState.UNSPECIFIED,
        user_action_state: UserActionState = UserActionState.UNSPECIFIED,
        up_to_revision: int | None = None,
        timeout: Seconds | None = None,
    ) -> DeleteManyResult:
        """Withdraw several, a `Group` or `Everything` from every device and from the history.

            await publisher.delete_many("ada", Everything(), read_state=ReadState.READ)

        With a `read_state` or a `user_action_state`, only what is in that state when its turn comes. With
        `up_to_revision`, what has newer content or a newer alert than that revision of the feed is skipped;
        without, what comes while the call is under way may be deleted, too, where it has to be repeated.

        By name, at most 500: raises `NotFound` if the server knows of none of them, and lists those in
        `DeleteManyResult.not_found`. Many are deleted in several commits: after an error a part may be done,
        and repeating the call does the rest.
        """
        request = deleting(
            user_id,
            selector,
            read_state=read_state,
            user_action_state=user_action_state,
            up_to_revision=up_to_revision,
        )
        return await self._calls.delete_notifications(request, self._within(timeout))

    async def get_feed(self, user_id: str, *, timeout: Seconds | None = None) -> Feed:
        """Return the last revision and the unread count of a user's feed; both are 0 for an unknown user.

        The count is of the whole feed: a device leaves out what is not meant for it.
        """
        return await self._calls.get_feed(user_id, timeout=self._within(timeout))

    async def delete_user(
        self, user_id: str, *, bar_for: timedelta | None = None, timeout: Seconds | None = None
    ) -> bool:
        """Forget a user: every notification and device, on every device and on the server's disk.

        Needs a token with the scope feeds.delete. Returns whether there was anything, False also where a
        repeated try found it gone. Devices that are online, or come back, discard what they hold. For
        `bar_for`, at most 30 days, everything of the user then raises `FeedBarred`; left out, what is sent
        next begins anew. After `Unavailable` or `DeadlineExceeded`, repeat it: the server's disk may have
        something still. Raises `QuotaExceeded` where the app bars as many users as it may.
        """
        return await self._calls.delete_feed(user_id, bar_for=bar_for, timeout=self._within(timeout))

    async def list_endpoints(self, user_id: str, *, timeout: Seconds | None = None) -> tuple[Endpoint, ...]:
        """Return the devices of a user, at most 100, by time of registration; empty for an unknown user."""
        return await self._calls.list_endpoints(user_id, self._within(timeout))

    async def delete_endpoint(
        self, user_id: str, endpoint_id: str, *, may_return: bool = False, timeout: Seconds | None = None
    ) -> bool:
        """Delete a device of a user, such as one that was lost: its stream ends, and what it shows goes.

        Its id stays deleted for 30 days; with `may_return` it may be registered anew at once, as a new
        device. Returns False where it was deleted before. Raises `NotFound` where the user has no such
        endpoint.
        """
        return await self._calls.delete_endpoint(
            user_id, endpoint_id, may_return=may_return, timeout=self._within(timeout)
        )

    def _within(self, timeout: Seconds | None) -> float:
        return self._timeout if timeout is None else _arguments.seconds("timeout", timeout)
