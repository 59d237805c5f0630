"""The inbox that a person works on: a device, what is selected, and what keys do.

Does not depend on a terminal.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from unisono.client._device.device import Device
from unisono.client._device.state import Status
from unisono.client._errors import UnisonoError
from unisono.client._model import Notification, ReadState
from unisono.client._selections import Everything
from unisono.client.cli.formatting.errors import Attempt, brief
from unisono.client.cli.inbox.keymap import MARKING, STEPS, state_for
from unisono.client.cli.inbox.state import Selection, ViewModel, arranged, handled, still_ringing
from unisono.client.cli.signals import run_until_first_done

#: How long a ring and a notice are shown.
RING: Final = timedelta(seconds=2)
NOTICE: Final = timedelta(seconds=6)


class Inbox:
    """The inbox of a device. `changed` is called when its view has changed, `rang` when something rings.

    `quit` is set once the person has ended it. `attempt` is for the texts of errors.
    """

    def __init__(
        self, device: Device, *, attempt: Attempt, changed: Callable[[], None], rang: Callable[[], None]
    ) -> None:
        self.quit = asyncio.Event()
        self._device = device
        self._attempt = attempt
        self._changed = changed
        self._rang = rang
        self._selection = Selection()
        self._show_handled = True
        self._helping = False
        self._to_delete = ""
        self._since = datetime.now().astimezone()
        self._notice = "", self._since
        self._ringing: dict[str, datetime] = {}
        self._doing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Follow the device until it ends for good, and raise why."""
        await run_until_first_done(self._follow_events(), self._follow_connection())

    def view_model(self) -> ViewModel:
        """Return all that is to be shown now."""
        device, now = self._device, datetime.now().astimezone()
        shown, rows = device.shown, self._rows()
        self._ringing = still_ringing(self._ringing, shown, now)
        return ViewModel(
            user_id=device.notifications[0].user_id if device.notifications else "",
            endpoint_id=device.endpoint_id,
            status=device.status,
            error=brief(device.error, self._attempt) if device.error else "",
            since=self._since,
            unread_count=device.badge,
            revision=device.revision,
            rows=rows,
            selected=self._selection.settle(rows),
            hidden=len(shown) - len(rows),
            ringing=frozenset(self._ringing),
            pending_marks=0 if device.status is Status.LIVE else device.pending_marks,
            notice=self._notice[0] if self._notice[1] > now else "",
            helping=self._helping,
            asking=self._asks(),
            now=now,
        )

    def on_key(self, key: str) -> None:
        """Do what a key means; it is named as by `Keys`, or "hangup" when the terminal is gone.

        Marks and deletions are started and not awaited: their errors become a notice.
        """
        if self._asks() and key != "hangup":
            self._answer(key)
        elif key in ("q", "hangup"):
            self.quit.set()
        elif key == "?" or self._helping:
            self._helping = not self._helping
        elif key == "h":
            self._show_handled = not self._show_handled
        elif key in STEPS:
            self._selection.move(self._rows(), STEPS[key])
        elif key == "a":
            self._start(self._device.mark(Everything(), read_state=ReadState.READ))
        else:
            self._do(key)
        self._changed()

    def remark(self, text: str) -> None:
        """Show a text as the notice for a few seconds, in place of the one before."""
        self._notice = text, datetime.now().astimezone() + NOTICE
        self._changed()

    def _rows(self) -> list[Notification]:
        return arranged(self._device.shown, show_handled=self._show_handled)

    def _do(self, key: str) -> None:
        """Do what a key means for the selected notification."""
        rows = self._rows()
        if not rows:
            return
        row = rows[self._selection.settle(rows)]
        if key == "x":
            self._to_delete = row.id
        elif key in MARKING:
            if key == "d" and not handled(row):
                self._selection.leave(rows)
            state = state_for(key, row, datetime.now().astimezone())
            self._start(self._device.mark(row.id, **state))

    def _asks(self) -> bool:
        """Return whether the next key decides about deleting a notification that is still there."""
        return any(row.id == self._to_delete for row in self._rows())

    def _answer(self, key: str) -> None:
        """Delete the notification if the key after x is x again."""
        if key == "x":
            self._selection.leave(self._rows())
            self._start(self._device.delete(self._to_delete))
        self._to_delete = ""

    def _start(self, deed: Awaitable[object]) -> None:
        task = asyncio.ensure_future(self._done(deed))
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    async def _done(self, deed: Awaitable[object]) -> None:
        try:
            await deed
        except UnisonoError as error:
            self.remark(brief(error, self._attempt))
        self._changed()

    async def _follow_events(self) -> None:
        async for event in self._device.events():
            if event.ring:
                self._ringing[event.notification.id] = datetime.now().astimezone() + RING
                self._rang()
            self._changed()

    async def _follow_connection(self) -> None:
        while True:
            self._changed()
            seen = _seen(self._device)
            await self._device.wait_for(partial(_differs, seen))
            if seen[0] is not self._device.status:
                self._since = datetime.now().astimezone()


Seen = tuple[Status, Exception | None, int, tuple[Notification, ...]]


def _seen(device: Device) -> Seen:
    return device.status, device.error, device.revision, device.shown


def _differs(seen: Seen, device: Device) -> bool:
    return _seen(device) != seen
