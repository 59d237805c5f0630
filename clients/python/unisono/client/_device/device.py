"""A device of a user: an inbox in unison with the store, whatever happens to the connection."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final, Self, Unpack

from unisono.client import _arguments, _convert
from unisono.client._calls import Everything, Filter, Group, Selector, ServiceClient, State, marking
from unisono.client._connection import Connection, Target
from unisono.client._device.acknowledger import Acknowledger
from unisono.client._device.events import Events
from unisono.client._device.inbox import Inbox
from unisono.client._device.outbox import Outbox
from unisono.client._device.persistence import Persistence
from unisono.client._device.receiver import Receiver
from unisono.client._device.state import DeviceState, Status
from unisono.client._device.storage import MemoryStorage, Storage
from unisono.client._device.subscription import Subscription
from unisono.client._device.timing import Timing
from unisono.client._model import (
    DeleteResult,
    MarkResult,
    Notification,
    Platform,
    ReadState,
    StartPosition,
    UserActionState,
)
from unisono.client._refs import Ref
from unisono.client._wire.tokens import TokenSource, retry_provider_errors
from unisono.v1 import feed_service_pb2 as pb

#: How long a device that is closed may take to say how far it got, in seconds.
_LAST_WORD: Final = 1.0


class Device:
    """One installation of an app on one device of a user.

    While it is open, it stays subscribed by itself: across cuts, silence, restarts of the server, and
    tokens that expire. What it holds is always the store's state as of `revision`.

        async with Device("localhost:50051", token, endpoint_id="laptop", platform=Platform.LINUX) as device:
            async for event in device.events():
                if event.ring:
                    print(event.notification.title)
    """

    def __init__(
        self,
        target: Target,
        token: TokenSource,
        *,
        endpoint_id: str,
        platform: Platform,
        display_name: str = "",
        storage: Storage | None = None,
        start: StartPosition = StartPosition.BEGINNING,
        tls: bool = False,
        root_certificates: bytes | None = None,
        timing: Timing = Timing(),  # noqa: B008  frozen
    ) -> None:
        """A device at HOST:PORT, or on a transport that stays the caller's to close.

        `token` is an access token of the user, or a function (async or not) that gives one: it is asked
        for the first, and again when that expires. `endpoint_id` is chosen by the device once and kept
        by it; its `platform` is fixed. `storage` keeps what the device holds, and closes with it; left
        out, each process starts anew. `start` is where a device begins that holds nothing. Without
        `tls` or `root_certificates` (PEM) the token travels in the clear: stay on this machine.
        """
        _arguments.check("endpoint_id", endpoint_id, str)
        _arguments.check("platform", platform, Platform)
        _arguments.check("display_name", display_name, str)
        _arguments.check("start", start, StartPosition)
        if storage is not None and not hasattr(storage, "load"):
            raise TypeError(f"storage: must be a Storage, such as FileStorage(path); is {storage!r}")
        self.endpoint_id = endpoint_id
        self._timeout = timing.call_timeout
        self._connection = Connection(
            target,
            retry_provider_errors(token),
            tls=tls,
            root_certificates=root_certificates,
            backoff=timing.backoff,
        )
        caller = self._connection.caller
        self._calls = ServiceClient(caller)
        self._persistence = Persistence(storage or MemoryStorage(), endpoint_id)
        self._state = DeviceState()
        self._outbox = Outbox(
            self._calls,
            self._persistence,
            timeout=timing.call_timeout,
            backoff=timing.backoff,
            changed=self._state.changed,
        )
        self._acknowledger = Acknowledger(
            caller, endpoint_id, interval=timing.acknowledge_interval, timeout=timing.call_timeout
        )
        opening = pb.SubscribeRequest(
            endpoint_id=endpoint_id,
            platform=_convert.platform_number(platform),
            display_name=display_name,
            start_position=_convert.start_position_number(start),
            heartbeat_interval=_convert.seconds(timing.heartbeat_interval),
        )
        receiver = Receiver(
            opening,
            caller,
            self._state,
            self._persistence,
            self._outbox,
            self._acknowledger,
            timeout=timing.call_timeout,
        )
        self._subscription = Subscription(caller, receiver, timing)
        self._opened = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Take up what was kept, and subscribe. It need not be online. Raises `StorageFailed`."""
        self._state.check_open()
        if self._opened:
            raise RuntimeError("this device is open already")
        self._opened = True
        try:
            kept = await self._persistence.load()
            # It may have been closed meanwhile.
            self._state.check_open()
        except BaseException:
            await self.close()
            raise
        self._state.inbox = Inbox(kept.rows, kept.point)
        self._outbox.restore(kept.marks)
        self._task = asyncio.create_task(self._stay())

    async def close(self) -> None:
        """Say how far it got, end the stream, and close the storage. Nothing that is kept is lost."""
        async with AsyncExitStack() as last:
            last.push_async_callback(self._connection.close)
            last.push_async_callback(self._persistence.close)
            await self._leave()

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """What it holds, newest first: the store's state of what is meant for it, as of `revision`."""
        return self._state.inbox.notifications

    @property
    def unread_count(self) -> int:
        """What a badge shows: exact, as of `revision`."""
        return self._state.inbox.unread_count

    @property
    def revision(self) -> int:
        """The feed's revision that the device has reached; 0 before it ever was online."""
        return self._state.inbox.revision

    @property
    def status(self) -> Status:
        """How it is connected."""
        return self._state.status

    @property
    def error(self) -> Exception | None:
        """Why it is offline or ended, if it did not choose to."""
        return self._state.error

    @property
    def pending_marks(self) -> int:
        """How many marks the server has not answered yet."""
        return len(self._outbox)

    def events(self) -> Events:
        """An iterator over what happens from now on. Raises, at its end, what ended the device for good.

        What is there already is in `notifications`. Events come at complete points: those of a
        catch-up together, as the net change, of which at most one rings.
        """
        return self._state.listen()

    async def wait_for(self, condition: Callable[["Device"], bool]) -> None:
        """Wait until the device satisfies a condition. Raises what ended the device for good."""
        self._check_opened()
        await self._state.until(lambda: condition(self))

    async def mark(self, selector: Selector, **state: Unpack[State]) -> MarkResult | None:
        """Mark one, several, a `Group` or `Everything` (meant for this device), on every device.

        The new state (see `State`): read_state, user_action_state, snooze_until, up_to_revision.

        Offline, the mark is kept and sent on return, and the answer is None. What has newer content than
        this device has seen is left alone, unless `up_to_revision` says otherwise. Raises what ended the
        device for good, and `Unavailable` when 10,000 marks wait for the connection.
        """
        self._check_opened()
        self._state.check_open()
        if self.revision or isinstance(selector, Group | Everything):
            state.setdefault("up_to_revision", self.revision)
        return await self._outbox.put(marking("", selector, state, endpoint_id=self.endpoint_id))

    async def mark_read(self, selector: Selector) -> MarkResult | None:
        """Read. See `mark`."""
        return await self.mark(selector, read_state=ReadState.READ)

    async def dismiss(self, selector: Selector) -> MarkResult | None:
        """Dismissed: it stays in the history until it expires. See `mark`."""
        return await self.mark(selector, user_action_state=UserActionState.DISMISSED)

    async def snooze(self, selector: Selector, until: datetime | timedelta) -> MarkResult | None:
        """Put off: at an aware time, or after a while, it comes back unread, and rings. See `mark`."""
        if isinstance(until, timedelta):
            until = datetime.now(UTC) + until
        return await self.mark(selector, user_action_state=UserActionState.SNOOZED, snooze_until=until)

    async def delete(self, notification: Ref) -> DeleteResult:
        """Withdraw one from every device and from the history. Needs a connection."""
        return await self._calls.delete(
            "", notification, expected_revision=None, timeout=self._timeout, endpoint_id=self.endpoint_id
        )

    def history(self, **filters: Unpack[Filter]) -> AsyncGenerator[Notification, None]:
        """What the store holds for this device, newest first, page by page. Needs a connection.

        Filters (see `Filter`): read_state, user_action_state, group_name, start_time, end_time.
        """
        return self._calls.list("", filters, page_size=0, timeout=self._timeout, endpoint_id=self.endpoint_id)

    def _check_opened(self) -> None:
        if not self._opened:
            raise RuntimeError("this device is not open: use `async with`, or await `open()` before")

    async def _leave(self) -> None:
        try:
            if self.status is Status.LIVE:
                await self._acknowledger.flush(_LAST_WORD)
        finally:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait([self._task])
                # Its last error would keep the call alive, and so the connection.
                self._task = None
            if self.status is not Status.CLOSED:
                self._state.close(None)

    async def _stay(self) -> None:
        try:
            await self._subscription.run()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            self._state.close(error)
