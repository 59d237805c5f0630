"""The service in memory, as a test uses it: its transport, access tokens, time, and faults on demand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final, Literal

from unisono.client import _convert
from unisono.client._errors import UnisonoError
from unisono.client._model import Notification
from unisono.client._wire.transport import Transport
from unisono.client.testing.errors import COME_BACK
from unisono.client.testing.faults import Fault, Faults, as_service_says
from unisono.client.testing.feed import FeedKey, wake_all
from unisono.client.testing.limits import Limits
from unisono.client.testing.session import Session
from unisono.client.testing.state import Principal, ServiceState
from unisono.client.testing.sweeper import advance
from unisono.client.testing.times import as_datetime, length, since_1970
from unisono.client.testing.transport import FakeTransport

#: The app of tokens that are made without `app_id`.
APP: Final = "app.test"

Reason = Literal[
    "DRAINING", "SESSION_AGE", "RESYNC", "TOKEN_EXPIRED", "SUPERSEDED", "ENDPOINT_DELETED", "FEED_DELETED"
]
"""Why the service ends a stream: a name of `GoodbyeReason` in the proto, without its prefix."""


class FakeService:
    """The whole service in memory, whose `transport` is a target for publishers and devices.

        service = FakeService()
        publisher = Publisher(service.transport, service.app_token())
        laptop = Device(
            service.transport, service.user_token("ada"), endpoint_id="laptop", platform=Platform.LINUX
        )

    The service's time starts at `now` (an aware time; left out, the machine's) and stands still until
    `advance`: expiry, snoozes and tokens follow it, heartbeats and delays before a reconnect follow real
    time. Raises `TypeError` for a time without a zone. Nothing outlives the object.
    """

    def __init__(self, *, now: datetime | None = None, limits: Limits = Limits()) -> None:  # noqa: B008  frozen
        self._state = ServiceState(limits, since_1970(now or datetime.now(UTC)))
        self._faults = Faults()
        self._token_numbers = count(1)
        self._transport = FakeTransport(self._state, self._faults)

    @property
    def transport(self) -> Transport:
        """The transport that publishers and devices take instead of an address.

        Any number of them may share it, on any event loops; it stays usable when they are closed.
        """
        return self._transport

    @property
    def now(self) -> datetime:
        """The service's time: aware, in UTC, in whole milliseconds. Only `advance` changes it."""
        return as_datetime(self._state.now)

    def app_token(
        self,
        *,
        app_id: str = APP,
        may_delete_feeds: bool = False,
        lifetime: timedelta = timedelta(days=365),
    ) -> str:
        """Return a new access token of a publisher of the app, valid for `lifetime` of the service's time.

        With `may_delete_feeds` it may delete users, as with the scope feeds.delete; without it, that raises
        `PermissionDenied`.
        """
        return self._token(app_id, "", may_send=True, may_delete_feeds=may_delete_feeds, lifetime=lifetime)

    def user_token(
        self,
        user_id: str,
        *,
        app_id: str = APP,
        may_send: bool = True,
        lifetime: timedelta = timedelta(days=365),
    ) -> str:
        """Return a new access token of a user's devices, valid for `lifetime` of the service's time.

        With `may_send` they may send to the user's own feed, as with the scope notifications.send;
        without it, sending raises `PermissionDenied`.
        """
        return self._token(app_id, user_id, may_send=may_send, lifetime=lifetime)

    def expire(self, token: str) -> None:
        """Let an access token expire now: calls raise `Unauthenticated` (TOKEN_EXPIRED), its streams end.

        Raises `KeyError` for a token that the service does not know.
        """
        with self._state.lock:
            self._state.principals[token].expire_time = self._state.now
            wake_all(self._state.listeners)

    def revoke(self, token: str) -> None:
        """Revoke an access token: as `expire`, but the reason of `Unauthenticated` is TOKEN_INVALID."""
        self.expire(token)
        with self._state.lock:
            del self._state.principals[token]

    def advance(self, span: timedelta) -> None:
        """Advance the service's time by `span`, in whole milliseconds.

        Notifications that expire, and snoozes that end, do so at their own time and in order, each as a
        change of its feed. Afterwards tokens past their lifetime no longer count, and what is past its
        retention is purged: tombstones and deleted endpoints after 30 days, unseen endpoints after 60.
        Raises `ValueError` for a negative span: no time of the service's goes back.
        """
        if span < timedelta():
            raise ValueError("span must not be negative: the time of the service does not go back")
        with self._state.lock:
            advance(self._state, length(span))

    def notifications(self, user_id: str, *, app_id: str = APP) -> tuple[Notification, ...]:
        """Return the notifications in a user's feed, newest first; empty for an unknown user.

        Those that were read or dismissed are among them, and those for any endpoint.
        """
        with self._state.lock:
            live = self._state.feed(FeedKey(app_id, user_id)).live
            return tuple(_convert.notification(row.message) for row in reversed(live))

    def fail(self, error: UnisonoError, *, method: str = "", times: int = 1, applied: bool = False) -> None:
        """Let the next `times` calls (at least 1) fail with this error, of `method` only if it is named.

        `method` is the name of an RPC, such as "MarkNotifications". A call that fails changes nothing; with
        `applied` it takes effect, and the error replaces its answer, as when a connection breaks. Opening
        a stream (Subscribe) never fails in that second way. Faults are used up in the order in which they
        were planned. The SDK repeats calls after an `Unavailable`, so that its caller may not see it. An
        error without a `reason` gets one of its kind, as the service has it. Before its first call with a
        field that not every server knows, the SDK calls "GetServerInfo". Raises `ValueError` for less than
        one call.
        """
        if times < 1:
            raise ValueError(f"times must be at least 1, is {times}")
        with self._state.lock:
            self._faults.plan(Fault(as_service_says(error), method, times, applied))

    def disconnect(self) -> None:
        """Cut all open streams without a Goodbye, as a network does. Devices reconnect by themselves."""
        with self._state.lock:
            for session in self._sessions():
                session.cut = True
                session.wake()

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Cut all streams, and let every call raise `Unavailable` until the end of the (outermost) block."""
        before, self._faults.offline = self._faults.offline, True
        self.disconnect()
        try:
            yield
        finally:
            self._faults.offline = before

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let the disk of the service be full until the end of the (outermost) block.

        Calls that change something raise `Unavailable` (STORE_FULL), and so does the first stream of an
        endpoint. What is stored can be read; streams of registered endpoints are opened, and go on.
        What is to expire or to wake meanwhile does so at the end.
        """
        before, self._state.full = self._state.full, True
        try:
            yield
        finally:
            self._state.full = before

    def stall(self) -> None:
        """Send nothing more on the streams that are open now, without ending them, like a dead connection.

        A device notices after `Timing.missed_heartbeats` heartbeat intervals, in real time, and opens
        another stream, which works.
        """
        for session in self._sessions():
            session.stalled = True

    def say_goodbye(self, reason: Reason = "DRAINING", *, retry_delay: timedelta = timedelta()) -> None:
        """End all open streams with a Goodbye of this reason. Tokens and endpoints stay valid.

        After DRAINING, SESSION_AGE, RESYNC and FEED_DELETED a device reconnects when `retry_delay` (real
        time) has passed, after the last with nothing of what it held; after TOKEN_EXPIRED at once, if it can
        get another token. Otherwise the device ends with `Unauthenticated`, `Superseded` or
        `EndpointDeleted`. Other reasons carry no `retry_delay`.
        """
        with self._state.lock:
            for listener in self._state.listeners:
                listener.end(reason, retry_delay.total_seconds() if reason in COME_BACK else None)

    def invalidate_positions(self) -> None:
        """Cut all streams, and invalidate all resume tokens, as a restore from a backup does.

        A device that reconnects gets `resumed = false`: it discards what it holds and receives all that
        is in the feed.
        """
        with self._state.lock:
            self._state.epoch += 1
        self.disconnect()

    def _token(
        self,
        app_id: str,
        user_id: str,
        *,
        may_send: bool,
        lifetime: timedelta,
        may_delete_feeds: bool = False,
    ) -> str:
        with self._state.lock:
            token = f"{user_id or app_id}-{next(self._token_numbers)}"
            expire_time = self._state.now + length(lifetime)
            self._state.principals[token] = Principal(
                app_id, user_id, may_send, may_delete_feeds, expire_time
            )
            return token

    def _sessions(self) -> list[Session]:
        return [listener for listener in self._state.listeners if isinstance(listener, Session)]
