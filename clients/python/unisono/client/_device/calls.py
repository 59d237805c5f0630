"""The calls of a device that need the server: they are made at once, or fail; nothing of them is saved."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Unpack

from unisono.client._calls import Filter, ServiceClient
from unisono.client._device.state import DeviceState
from unisono.client._errors import EndpointDeleted, NotFound
from unisono.client._model import Notification, ReadState, UserActionState
from unisono.client._refs import Ref
from unisono.client._results import DeleteManyResult, DeleteResult
from unisono.client._selections import Everything, Group, Selector, deleting


class DeviceCalls:
    """The part of `Device` that needs the server; `timeout` is of each call, in seconds."""

    def __init__(self, endpoint_id: str, calls: ServiceClient, state: DeviceState, *, timeout: float) -> None:
        self.endpoint_id = endpoint_id
        self._calls = calls
        self._state = state
        self._timeout = timeout

    @property
    def revision(self) -> int:
        """The feed's revision of the last complete point; 0 before the first."""
        return self._state.inbox.revision

    async def delete(self, notification: Ref) -> DeleteResult:
        """Withdraw one notification from every device and from the history. Needs the server.

        Tries for `timing.call_timeout` (20 s), then raises `Unavailable` or `DeadlineExceeded`. Raises
        `NotFound` for what is not in the feed; for what was, see `DeleteResult.already_removed`.
        """
        return await self._calls.delete_notification(
            "", notification, expected_revision=None, timeout=self._timeout, endpoint_id=self.endpoint_id
        )

    async def delete_many(
        self,
        selector: Selector,
        *,
        read_state: ReadState = ReadState.UNSPECIFIED,
        user_action_state: UserActionState = UserActionState.UNSPECIFIED,
        up_to_revision: int | None = None,
    ) -> DeleteManyResult:
        """Withdraw several, a `Group` or `Everything` (meant for this device) from every device.

        With a `read_state` or a `user_action_state`, only what is in that state when its turn comes.
        `up_to_revision` is `revision` by default, unless that is 0 and they are named: newer content is
        skipped, and counted in `DeleteManyResult.skipped`.

        Needs the server, as `delete`: it is never saved to be sent later. By name, at most 500: raises
        `NotFound` if the server knows of none of them. After an error a part may be done; repeating the call
        does the rest.
        """
        request = deleting(
            "",
            selector,
            read_state=read_state,
            user_action_state=user_action_state,
            up_to_revision=self._seen(selector) if up_to_revision is None else up_to_revision,
            endpoint_id=self.endpoint_id,
        )
        return await self._calls.delete_notifications(request, self._timeout)

    async def _delete_endpoint(self) -> None:
        """Delete the endpoint so that it may return; one that is gone already is as it should be."""
        with suppress(NotFound, EndpointDeleted):
            await self._calls.delete_endpoint("", self.endpoint_id, may_return=True, timeout=self._timeout)

    def history(self, **filters: Unpack[Filter]) -> AsyncGenerator[Notification, None]:
        """Return an iterator over what the store holds for this device, newest first, with content.

        Filters (see `Filter`): read_state, user_action_state, group_name, category, start_time, end_time.
        Gets pages of 50 as needed, each within `timing.call_timeout` (20 s). Wrong arguments raise at once;
        the iteration raises `Unavailable` or `DeadlineExceeded` offline, `NotFound` if it was never online.
        """
        return self._calls.list_notifications(
            "", filters, timeout=self._timeout, endpoint_id=self.endpoint_id
        )

    def _seen(self, selector: Selector) -> int | None:
        """Return the revision up to which the user can have seen what is selected; None: it is named."""
        if self.revision or isinstance(selector, Group | Everything):
            return self.revision
        return None
