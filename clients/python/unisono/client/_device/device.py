"""A device of a user: an inbox in unison with the store, whatever happens to the connection."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self, Unpack

from unisono.client import _arguments, _convert
from unisono.client._calls import ServiceClient
from unisono.client._connection import Connection, Target
from unisono.client._device.acknowledger import Acknowledger
from unisono.client._device.events import Events
from unisono.client._device.inbox import Inbox
from unisono.client._device.marks import DeviceMarks
from unisono.client._device.outbox import Outbox
from unisono.client._device.persistence import Persistence
from unisono.client._device.receiver import Receiver
from unisono.client._device.state import DeviceState, Status
from unisono.client._device.storage import MemoryStorage, Storage
from unisono.client._device.subscription import Subscription
from unisono.client._device.timing import Timing
from unisono.client._device.watchdog import Watchdog
from unisono.client._model import Notification, Platform, StartPosition
from unisono.client._wire.address import ConnectionOptions
from unisono.client._wire.tokens import TokenSource, retry_provider_errors
from unisono.v1 import feed_service_pb2 as pb

#: How long a device that is closed may take to acknowledge its position, in seconds.
_CLOSE_TIMEOUT: Final = 1.0


class Device(DeviceMarks):
    """One installation of an app on one device of a user: it receives, shows and marks notifications.

    While it is open it stays subscribed: it reconnects after whatever ended a stream, for ever, and catches
    up. What it shows, online or not, is the store's state of what is meant for it at `revision` (Complete,
    Convergent). It belongs to one event loop. It ends for good when a newer stream of its `endpoint_id` takes
    over (`Superseded`), when the endpoint was deleted (`EndpointDeleted`) or the user is barred
    (`FeedBarred`), when a fixed token has expired (`Unauthenticated`), and when its transport is closed.
    Where the user was deleted, it begins anew: see `feed_deleted`.

        async with Device("localhost:50051", token, endpoint_id="laptop", platform=Platform.LINUX) as device:
            async for event in device.events():
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

        Without `target` or `token` they are UNISONO_TARGET and UNISONO_TOKEN of the environment.
        `token` is an access token of the user, or a function that returns one, called at first and when one
        expires: an `async def` on the event loop, any other on a thread; its errors are retried. The device
        chooses `endpoint_id` once, and keeps it and its `platform`. An empty `display_name` leaves the
        stored one. `storage` holds the device's state, and is closed with it; None: each process starts anew.
        `start` is where a device starts that holds nothing. An `ephemeral` one is forgotten by the service
        five minutes after its stream has ended, and never takes the place of another. The other keywords are
        those of `ConnectionOptions`: without them the token travels in the clear, so stay on this machine.
        Raises `TypeError` or `ValueError` for wrong arguments, `Unauthenticated` for a malformed token.
        """
        _arguments.check("endpoint_id", endpoint_id, str)
        _arguments.check("platform", platform, Platform)
        _arguments.check("display_name", display_name, str)
        _arguments.check("start", start, StartPosition)
        _arguments.check("ephemeral", ephemeral, bool)
        if storage is not None and not hasattr(storage, "load"):
            raise TypeError(f"storage: must be a Storage, such as FileStorage(path); is {storage!r}")
        self._connection = Connection(
            target, retry_provider_errors(token), connection, backoff=timing.backoff
        )
        caller = self._connection.caller
        watchdog = Watchdog(timing.stall_timeout)
        calls, self._state = ServiceClient(caller), DeviceState(watchdog)
        super().__init__(endpoint_id, calls, self._state, timeout=timing.call_timeout)
        self._persistence = Persistence(storage or MemoryStorage(), endpoint_id)
        self._outbox = Outbox(
            calls,
            self._persistence,
            self._state,
            timeout=timing.call_timeout,
            backoff=timing.backoff,
        )
        interval, timeout = timing.acknowledge_interval, timing.call_timeout
        self._acknowledger = Acknowledger(caller, endpoint_id, interval=interval, timeout=timeout)
        opening = pb.SubscribeRequest(
            endpoint_id=endpoint_id,
            platform=_convert.platform_number(platform),
            display_name=display_name,
            start_position=_convert.start_position_number(start),
            heartbeat_interval=_convert.seconds(timing.heartbeat_interval),
            ephemeral=ephemeral,
        )
        receives_for = (caller, self._state, self._persistence, self._outbox, self._acknowledger, watchdog)
        receiver = Receiver(opening, *receives_for, timeout=timeout)
        self._subscription = Subscription(caller, receiver, timing, watchdog)
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
        """Load the saved state, and start to connect; does not wait until the device is online.

        Raises `StorageFailed` when the storage cannot be loaded, `Unavailable` when that is over 512 MiB:
        then, or when cancelled, the device is closed. Raises `RuntimeError` when it was opened before.
        """
        self._state.check_open()
        if self._opened:
            raise RuntimeError("this device is open already")
        self._opened = True
        try:
            kept = await self._persistence.load()
            # It may have been closed meanwhile.
            self._state.check_open()
            self._state.inbox = Inbox(kept.rows, kept.point, kept.feed_epoch)
            if kept.clock is not None:
                self._state.clock.restore(kept.clock)
        except BaseException:
            await self.close()
            raise
        self._outbox.restore(kept.marks)
        self._task = asyncio.create_task(self._stay())

    async def close(self) -> None:
        """Stop receiving, and release connection and storage, for good. May be called twice.

        While live it acknowledges its position first, for at most 1 s. Marks not sent yet stay in the
        storage for the next device on it. Raises `StorageFailed` when the storage cannot be closed.
        """
        async with AsyncExitStack() as last:
            last.push_async_callback(self._connection.close)
            last.push_async_callback(self._persistence.close)
            await self._leave()

    async def sign_out(self) -> None:
        """Delete this endpoint and all that is held and saved, marks not sent yet too, and close the device.

        What is here goes first, in any case; then the endpoint, within `timing.call_timeout` (20 s). Its id
        may be used again at once, by this user or another. Raises `Unavailable` and other errors of a call
        where the server could not be told: it keeps the endpoint until a publisher deletes it, or nobody has
        seen it for long. Raises `StorageFailed` where the storage cannot be emptied, `RuntimeError` before
        `open`.
        """
        self._check_opened()
        async with AsyncExitStack() as last:
            last.push_async_callback(self._connection.close)
            last.push_async_callback(self._delete_endpoint)
            last.push_async_callback(self._persistence.close)
            last.push_async_callback(self._persistence.erase)
            await self._leave()
            self._state.forget()

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """All that is meant for this device, newest first by creation.

        It is the store's state at `revision`, with the device's own marks laid over until that has them.
        """
        return self._state.notifications

    @property
    def unread_count(self) -> int:
        """How many are unread, neither dismissed nor snoozed: exact at `revision`, own marks laid over."""
        return self._state.unread_count

    @property
    def shown(self) -> tuple[Notification, ...]:
        """What to show a person: `notifications` without those whose time has passed.

        That is their `display_time_to_live` since the last alert, or their `expire_time`, by the server's
        clock. `wait_for` notices when the next one passes, online or not.
        """
        return self._state.shown

    @property
    def badge(self) -> int:
        """The number for an app's icon: `unread_count` less what is not `shown` any more."""
        return self._state.badge

    @property
    def status(self) -> Status:
        """Whether the device is OFFLINE, CATCHING_UP, LIVE or CLOSED; see `Status`."""
        return self._state.status

    @property
    def error(self) -> Exception | None:
        """Why the device is offline or has ended; None while connected, at first, and after `close`.

        Offline, the `UnisonoError` of the last try, such as `Unavailable`, or `Unauthenticated` for an
        expired token; what the function that gives tokens raised is its `__cause__`.
        """
        return self._state.error

    @property
    def feed_deleted(self) -> bool:
        """Whether the user was deleted since `open`: then all that was held or not sent yet was discarded."""
        return self._state.feed_deleted

    @property
    def pending_marks(self) -> int:
        """The number of saved marks that the server has not answered yet."""
        return len(self._outbox)

    def events(self) -> Events:
        """Return a new iterator over the events from now on; what is there already is in `notifications`.

        Events come at complete points, by ascending revision: after a catch-up the net change, of which at
        most one rings. Own marks show without one, until the server's comes. The iterator ends after `close`,
        and raises what ended the device for good.
        """
        return self._state.listen()

    async def wait_for(self, condition: Callable[["Device"], bool]) -> None:
        """Wait until a condition holds: `await device.wait_for(lambda device: device.status is Status.LIVE)`.

        It is tested at once and after each change of status, inbox or pending marks; what holds only for a
        moment may be missed. There is no timeout: use `asyncio.timeout`. Raises what the condition raises,
        what ended the device for good, and `RuntimeError` before `open` or after `close`.
        """
        self._check_opened()
        await self._state.until(lambda: condition(self))

    async def _leave(self) -> None:
        try:
            if self.status is Status.LIVE:
                await self._acknowledger.flush(_CLOSE_TIMEOUT)
        finally:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait([self._task])
                # Its last error would keep the call alive, and so the connection.
                self._task = None
            if self.status is not Status.CLOSED:
                self._state.end(None)

    async def _stay(self) -> None:
        try:
            await self._subscription.run()
        except Exception as error:
            self._outbox.go_offline()
            self._state.end(error)
