"""The marks of a device: saved at once, shown at once, and sent when that can be."""

from datetime import datetime, timedelta
from typing import Unpack

from unisono.client._device.calls import DeviceCalls
from unisono.client._device.outbox import Outbox
from unisono.client._model import ReadState, UserActionState
from unisono.client._results import MarkResult
from unisono.client._selections import Selector, State, marking


class DeviceMarks(DeviceCalls):
    """The part of `Device` that marks notifications, online or not."""

    _outbox: Outbox
    _opened: bool

    async def mark(self, selector: Selector, **state: Unpack[State]) -> MarkResult | None:
        """Mark one, several, a `Group` or `Everything` (meant for this device), on every device.

        See `State` for the new state. Its up_to_revision is `revision` by default, unless that is 0 and they
        are named: newer content is skipped.

        The mark is saved, and shows at once. It is sent in order while live, with `timing.call_timeout`
        (20 s) for each try. Returns None when it is to be sent later: offline, when the connection is lost,
        or when a try fails with an error that may pass; later errors are only logged. Cancelling does not
        withdraw it.

        Made offline, a group or everything means what is held of it. What somebody else has marked by the
        time that it is sent stays so, read state and user action each by itself, and an event says so.

        Raises `StorageFailed` if it cannot be saved, `Unavailable` if 10,000 are pending or they name too
        much, `TypeError` or `InvalidRequest` for wrong arguments, `RuntimeError` before `open` or after
        `close`, what the server answers, such as `NotFound` if none of those named is live, and what ended
        the device for good.
        """
        self._check_opened()
        self._state.check_open()
        if (seen := self._seen(selector)) is not None:
            state.setdefault("up_to_revision", seen)
        return await self._outbox.put(marking("", selector, state, endpoint_id=self.endpoint_id))

    async def mark_read(self, selector: Selector) -> MarkResult | None:
        """Mark as read on every device. Returns and raises what `mark` does."""
        return await self.mark(selector, read_state=ReadState.READ)

    async def dismiss(self, selector: Selector) -> MarkResult | None:
        """Dismiss on every device; it stays in the history. Result, None and errors are those of `mark`."""
        return await self.mark(selector, user_action_state=UserActionState.DISMISSED)

    async def snooze(self, selector: Selector, until: datetime | timedelta) -> MarkResult | None:
        """Put off until an aware time, or for a while from now: then it comes back unread, and rings.

        Skips what expires earlier. Returns and raises what `mark` does; `InvalidRequest` for the past.
        """
        if isinstance(until, timedelta):
            return await self.mark(selector, user_action_state=UserActionState.SNOOZED, snooze_for=until)
        return await self.mark(selector, user_action_state=UserActionState.SNOOZED, snooze_until=until)

    def _check_opened(self) -> None:
        if not self._opened:
            raise RuntimeError("this device is not open: use `async with`, or await `open()` before")
