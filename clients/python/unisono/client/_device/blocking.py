"""The device for programs without an event loop: the same inbox, on a loop in a thread of its own."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self, Unpack

from unisono.client import _arguments
from unisono.client._arguments import Seconds
from unisono.client._calls import Filter
from unisono.client._connection import Target
from unisono.client._device.blocking_events import BlockingEvents
from unisono.client._device.device import Device
from unisono.client._device.state import Status
from unisono.client._device.storage import Storage
from unisono.client._device.timing import Timing
from unisono.client._loop_thread import LoopThread
from unisono.client._model import Notification, Platform, ReadState, StartPosition, UserActionState
from unisono.client._refs import Ref
from unisono.client._results import DeleteManyResult, DeleteResult, MarkResult
from unisono.client._selections import Selector, State
from unisono.client._wire.address import ConnectionOptions
from unisono.client._wire.tokens import TokenSource


class BlockingDevice:
    """One installation of an app on one device of a user: it receives, shows and marks notifications.

    Like `Device`, whose arguments, results and errors are the same, but every call blocks until it is done,
    and raises in the thread that made it. It receives on a thread of its own, so that what it shows is up to
    date whatever the program does; any thread may look at it, also after `close`. A call that an exception
    interrupts, such as Ctrl-C, is cancelled. After `close`, calls raise `RuntimeError`, and so they do in a
    forked child where the device was opened before.

        with BlockingDevice("localhost:50051", token, endpoint_id="till", platform=Platform.LINUX) as device:
            for event in device.events():
                if event.ring:
                    print(event.notification.title)
    """

    def __init__(
        self,
        target: Target | None = None,
        token: TokenSource | None = None,
        *,
        endpoint_id: str,
        platform: Platform,
        display_name: str = "",
        storage: Storage | None = None,
        start: StartPosition = StartPosition.BEGINNING,
        ephemeral: bool = False,
        timing: Timing = Timing(),  # noqa: B008  frozen
        **connection: Unpack[ConnectionOptions],
    ) -> None:
        """Make a device for HOST:PORT, or for a transport that stays the caller's to close.

        The `storage` is used on the device's thread, on which an `async def` that gives tokens runs, too; any
        other function that gives them is called on a thread of its own. A transport must not be used on
        another event loop. The rest is as for `Device`, which raises the same errors.
        """
        make = partial(
            Device,
            target,
            token,
            endpoint_id=endpoint_id,
            platform=platform,
            display_name=display_name,
            storage=storage,
            start=start,
            ephemeral=ephemeral,
            timing=timing,
            **connection,
        )
        self._thread: LoopThread[Device] = LoopThread("device", make)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> None:
        """Load the saved state, and start to connect; does not wait until the device is online.

        As `Device.open`, but blocks until that is loaded.
        """
        self._thread.pin()
        try:
            self._thread.run(self._device.open())
        except BaseException:
            if self.status is Status.CLOSED:
                self._thread.close()
            raise

    def close(self) -> None:
        """Stop receiving, and release connection, storage and thread, for good. May be called twice.

        As `Device.close`, but blocks until it is done. Calls under way in other threads raise `RuntimeError`.
        """
        self._thread.close()

    def sign_out(self) -> None:
        """Delete this endpoint and all that is held and saved, and close the device.

        As `Device.sign_out`, but blocks until it is done.
        """
        try:
            self._thread.run(self._device.sign_out())
        finally:
            if self.status is Status.CLOSED:
                self._thread.close()

    @property
    def endpoint_id(self) -> str:
        """The id of this device among those of its user."""
        return self._device.endpoint_id

    @property
    def revision(self) -> int:
        """The feed's revision of the last complete point; 0 before the first."""
        return self._thread.look(lambda device: device.revision)

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """All that is meant for this device, newest first by creation. See `Device.notifications`."""
        return self._thread.look(lambda device: device.notifications)

    @property
    def unread_count(self) -> int:
        """How many are unread, neither dismissed nor snoozed. See `Device.unread_count`."""
        return self._thread.look(lambda device: device.unread_count)

    @property
    def shown(self) -> tuple[Notification, ...]:
        """What to show a person: `notifications` without those whose time has passed. See `Device.shown`."""
        return self._thread.look(lambda device: device.shown)

    @property
    def badge(self) -> int:
        """The number for an app's icon: `unread_count` less what is not `shown` any more."""
        return self._thread.look(lambda device: device.badge)

    @property
    def status(self) -> Status:
        """Whether the device is OFFLINE, CATCHING_UP, LIVE or CLOSED; see `Status`."""
        return self._thread.look(lambda device: device.status)

    @property
    def error(self) -> Exception | None:
        """Why the device is offline or has ended; None while connected, at first, and after `close`."""
        return self._thread.look(lambda device: device.error)

    @property
    def feed_deleted(self) -> bool:
        """Whether the user was deleted since `open`: then all that was held or not sent yet was discarded."""
        return self._thread.look(lambda device: device.feed_deleted)

    @property
    def pending_marks(self) -> int:
        """The number of saved marks that the server has not answered yet."""
        return self._thread.look(lambda device: device.pending_marks)

    def events(self, timeout: Seconds | None = None) -> BlockingEvents:
        """Return a new iterator over the events from now on; what is there already is in `notifications`.

        As `Device.events`, but it is iterated with `for`, on any thread. A step that waits for longer than
        `timeout`, in seconds or as a timedelta, raises `TimeoutError`; `next` goes on after that.
        """
        return BlockingEvents(self._thread, self._thread.look(Device.events), _seconds(timeout))

    def wait_for(self, condition: Callable[["BlockingDevice"], bool], timeout: Seconds | None = None) -> None:
        """Wait until a condition holds: `device.wait_for(lambda device: device.status is Status.LIVE)`.

        As `Device.wait_for`, but blocks, and raises `TimeoutError` after `timeout`, in seconds or as a
        timedelta. The condition is tested on the device's thread, where it may look at the device, and raises
        `RuntimeError` for what would block there, such as `mark`.
        """
        self._thread.run(self._wait_for(condition, _seconds(timeout)))

    def mark(self, selector: Selector, **state: Unpack[State]) -> MarkResult | None:
        """Mark one, several, a `Group` or `Everything` (meant for this device), on every device.

        As `Device.mark`, but blocks until the server has answered, or until it is to be sent later.
        """
        return self._thread.run(self._device.mark(selector, **state))

    def mark_read(self, selector: Selector) -> MarkResult | None:
        """Mark as read on every device. Returns and raises what `mark` does."""
        return self._thread.run(self._device.mark_read(selector))

    def dismiss(self, selector: Selector) -> MarkResult | None:
        """Dismiss on every device; it stays in the history. Result, None and errors are those of `mark`."""
        return self._thread.run(self._device.dismiss(selector))

    def snooze(self, selector: Selector, until: datetime | timedelta) -> MarkResult | None:
        """Put off until an aware time, or for a while from now: then it comes back unread, and rings.

        Skips what expires earlier. Returns and raises what `mark` does; `InvalidRequest` for the past.
        """
        return self._thread.run(self._device.snooze(selector, until))

    def delete(self, notification: Ref) -> DeleteResult:
        """Withdraw one notification from every device and from the history. Needs the server.

        As `Device.delete`, but blocks until it is done.
        """
        return self._thread.run(self._device.delete(notification))

    def delete_many(
        self,
        selector: Selector,
        *,
        read_state: ReadState = ReadState.UNSPECIFIED,
        user_action_state: UserActionState = UserActionState.UNSPECIFIED,
        up_to_revision: int | None = None,
    ) -> DeleteManyResult:
        """Withdraw several, a `Group` or `Everything` (meant for this device) from every device.

        As `Device.delete_many`, but blocks until it is done.
        """
        return self._thread.run(
            self._device.delete_many(
                selector,
                read_state=read_state,
                user_action_state=user_action_state,
                up_to_revision=up_to_revision,
            )
        )

    def history(self, **filters: Unpack[Filter]) -> Iterator[Notification]:
        """Return an iterator over what the store holds for this device, newest first, with content.

        As `Device.history`, but the iteration blocks whenever it needs a page.
        """
        return self._thread.iterate(self._device.history(**filters))

    @property
    def _device(self) -> Device:
        return self._thread.client

    async def _wait_for(self, condition: Callable[["BlockingDevice"], bool], timeout: float | None) -> None:
        async with asyncio.timeout(timeout):
            await self._device.wait_for(lambda _: condition(self))


def _seconds(timeout: Seconds | None) -> float | None:
    return None if timeout is None else _arguments.seconds("timeout", timeout)
