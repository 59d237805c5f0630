"""The service in memory, as a test holds it: tokens, time, and faults on demand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from unisono.client import _convert
from unisono.client._errors import UnisonoError
from unisono.client._model import Notification
from unisono.client._wire.transport import Transport
from unisono.client.testing.errors import COME_BACK
from unisono.client.testing.faults import Fault, Faults
from unisono.client.testing.feed import FeedKey, wake
from unisono.client.testing.limits import Limits
from unisono.client.testing.session import Session
from unisono.client.testing.state import Principal, ServiceState
from unisono.client.testing.sweeper import advance
from unisono.client.testing.times import as_datetime, length, since_1970
from unisono.client.testing.transport import FakeTransport

#: The app of tokens that name no other.
APP: Final = "app.test"

Reason = Literal["DRAINING", "SESSION_AGE", "RESYNC", "TOKEN_EXPIRED", "SUPERSEDED", "ENDPOINT_DELETED"]
"""Why the service ends a stream. After the first three a device comes back by itself."""


class FakeService:
    """The whole service: what `Publisher`, `BlockingPublisher` and `Device` take as their target.

        service = FakeService()
        publisher = Publisher(service.transport, service.app_token())
        laptop = Device(
            service.transport, service.user_token("ada"), endpoint_id="laptop", platform=Platform.LINUX
        )

    Its time stands still until `advance`, and starts at `now` (an aware time; left out, the machine's).
    """

    def __init__(self, *, now: datetime | None = None, limits: Limits = Limits()) -> None:  # noqa: B008  frozen
        self._state = ServiceState(limits, since_1970(now or datetime.now(UTC)))
        self._faults = Faults()
        self._transport = FakeTransport(self._state, self._faults)

    @property
    def transport(self) -> Transport:
        """What publishers and devices take instead of an address. May be shared by any number of them."""
        return self._transport

    @property
    def now(self) -> datetime:
        """The service's time."""
        return as_datetime(self._state.now)

    def app_token(self, *, app_id: str = APP, lifetime: timedelta = timedelta(days=365)) -> str:
        """A new access token of a backend."""
        return self._token(app_id, "", may_send=True, lifetime=lifetime)

    def user_token(
        self,
        user_id: str,
        *,
        app_id: str = APP,
        may_send: bool = True,
        lifetime: timedelta = timedelta(days=365),
    ) -> str:
        """A new access token of a user's devices; with `may_send`, they may send to the user's own feed."""
        return self._token(app_id, user_id, may_send=may_send, lifetime=lifetime)

    def expire(self, token: str) -> None:
        """Let the time of an access token be over: calls are refused, and its streams end."""
        with self._state.lock:
            self._state.principals[token].expire_time = self._state.now
            wake(self._state.listeners)

    def revoke(self, token: str) -> None:
        """The same, but calls with it are refused as if it had never been given."""
        self.expire(token)
        with self._state.lock:
            del self._state.principals[token]

    def advance(self, span: timedelta) -> None:
        """Let time pass: what expires, and what comes back from a snooze, does so at its time, in order."""
        with self._state.lock:
            advance(self._state, length(span))

    def notifications(self, user_id: str, *, app_id: str = APP) -> tuple[Notification, ...]:
        """What is in a user's feed, newest first."""
        with self._state.lock:
            live = self._state.feed(FeedKey(app_id, user_id)).live
            return tuple(_convert.notification(row.message) for row in reversed(live))

    def fail(self, error: UnisonoError, *, method: str = "", times: int = 1, applied: bool = False) -> None:
        """Let the next calls fail with this error: `times` of them, and only of `method`, if it is named.

        `method` is the name of an RPC, such as "MarkNotifications". With `carried_out` the call does what
        it says, and the error comes in place of the answer. Several faults come one after the other.
        """
        with self._state.lock:
            self._faults.plan(Fault(error, method, times, applied))

    def disconnect(self) -> None:
        """Cut all streams, as a network would. Devices come back."""
        with self._state.lock:
            for session in self._sessions():
                session.cut = True
                session.wake()

    @contextmanager
    def offline(self) -> Iterator[None]:
        """Cut all streams, and let every call fail until the end of the block."""
        self._faults.offline = True
        self.disconnect()
        try:
            yield
        finally:
            self._faults.offline = False

    def stall(self) -> None:
        """Let the streams that are open now fall silent for ever, as a dead connection does."""
        for session in self._sessions():
            session.stalled = True

    def say_goodbye(self, reason: Reason = "DRAINING", *, retry_delay: timedelta = timedelta()) -> None:
        """End all streams with a Goodbye; `retry_delay` goes with the reasons to come back."""
        with self._state.lock:
            for listener in self._state.listeners:
                listener.end(reason, retry_delay.total_seconds() if reason in COME_BACK else None)

    def invalidate_positions(self) -> None:
        """Cut all streams, and let no position count any more, as after a restore from a backup.

        A device that comes back starts anew: it drops what it holds, and gets what is there.
        """
        with self._state.lock:
            self._state.epoch += 1
        self.disconnect()

    def _token(self, app_id: str, user_id: str, *, may_send: bool, lifetime: timedelta) -> str:
        with self._state.lock:
            token = f"{user_id or app_id}-{len(self._state.principals) + 1}"
            expire_time = self._state.now + length(lifetime)
            self._state.principals[token] = Principal(app_id, user_id, may_send, expire_time)
            return token

    def _sessions(self) -> list[Session]:
        return [listener for listener in self._state.listeners if isinstance(listener, Session)]
