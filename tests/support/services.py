"""The service as its clients see it: a node behind a socket, or the one in memory, with one interface.

Time stands still in both, and everything that is due has happened when `advance` returns.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from tests.support import tokens
from tests.support.clocks import START, FakeClock
from tests.support.full_store import FullSqliteStore
from tests.support.nodes import Setup, running
from unisono.client import Transport, create_transport
from unisono.client.testing import FakeService
from unisono.client.testing import Limits as FakeLimits
from unisono.server.api.convert import encoding
from unisono.server.clock import RandomIds, SingleWaiterEvent
from unisono.server.core.sweeper import SweepRules
from unisono.server.model import Limits

APP = "mail.test"
OTHER_APP = "chat.test"
CLIENTS = {APP: "mail-client", OTHER_APP: "chat-client"}
#: No stream waits for so long a time, so whoever does is the sweeper.
SWEEP_INTERVAL = 0.997


class Service(Protocol):
    """The interface of a service that tests of clients need."""

    @property
    def transport(self) -> Transport: ...

    @property
    def now(self) -> datetime: ...

    def app_token(self, app_id: str = APP, *, may_delete_feeds: bool = False) -> str: ...

    def user_token(
        self, user_id: str = "ada", *, may_send: bool = True, lifetime: timedelta = timedelta(days=365)
    ) -> str: ...

    async def advance(self, span: timedelta) -> None: ...

    def full(self) -> AbstractContextManager[None]: ...


#: Makes a service with these limits.
Serving = Callable[..., AbstractAsyncContextManager[Service]]


class SweptClock(FakeClock):
    """A clock that stands still, and can wait until the sweeper of its node has done all that was due."""

    def __init__(self) -> None:
        super().__init__()
        self._sweeps = SingleWaiterEvent()

    async def wait(self, event: SingleWaiterEvent, seconds: float) -> bool:
        if seconds == SWEEP_INTERVAL:
            self._sweeps = event
        return await super().wait(event, seconds)

    async def advance_swept(self, seconds: float) -> None:
        await self.awaited(self._sweeps)
        self.advance(seconds)
        await self.awaited(self._sweeps)


class Server:
    """A node behind its socket, as a `Service`."""

    def __init__(self, transport: Transport, clock: SweptClock, store: FullSqliteStore) -> None:
        self.transport = transport
        self._clock = clock
        self._store = store

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now() / 1000, UTC)

    def app_token(self, app_id: str = APP, *, may_delete_feeds: bool = False) -> str:
        scopes = tokens.ERASER_SCOPES if may_delete_feeds else tokens.PUBLISHER_SCOPES
        return tokens.publisher(azp=CLIENTS[app_id], scope=scopes)

    def user_token(
        self, user_id: str = "ada", *, may_send: bool = True, lifetime: timedelta = timedelta(days=365)
    ) -> str:
        scopes = tokens.DEVICE_SCOPES if may_send else tokens.DEVICE_SCOPES.split()[0]
        expire_time = self._clock.now() // 1000 + int(lifetime.total_seconds())
        return tokens.device(user_id, scope=scopes, exp=expire_time)

    async def advance(self, span: timedelta) -> None:
        await self._clock.advance_swept(span.total_seconds())

    @contextmanager
    def full(self) -> Iterator[None]:
        self._store.full = True
        try:
            yield
        finally:
            self._store.full = False


class Fake:
    """The service in memory, as a `Service`."""

    def __init__(self, service: FakeService) -> None:
        self._service = service

    @property
    def transport(self) -> Transport:
        return self._service.transport

    @property
    def now(self) -> datetime:
        return self._service.now

    def app_token(self, app_id: str = APP, *, may_delete_feeds: bool = False) -> str:
        return self._service.app_token(app_id=app_id, may_delete_feeds=may_delete_feeds)

    def user_token(
        self, user_id: str = "ada", *, may_send: bool = True, lifetime: timedelta = timedelta(days=365)
    ) -> str:
        return self._service.user_token(user_id, app_id=APP, may_send=may_send, lifetime=lifetime)

    async def advance(self, span: timedelta) -> None:
        self._service.advance(span)

    def full(self) -> AbstractContextManager[None]:
        return self._service.full()


@asynccontextmanager
async def serving_server(path: Path, **limits: Any) -> AsyncIterator[Service]:
    """Run a node on a file in the folder `path`, with these limits."""
    clock = SweptClock()
    store = FullSqliteStore(path / "unisono.db", ids=RandomIds(), encode=encoding.encode_row)
    setup = Setup(
        path=path / "unisono.db",
        store=store,
        clock=clock,
        limits=Limits(**limits),
        sweep_rules=SweepRules(interval=SWEEP_INTERVAL),
    )
    async with running(setup) as node:
        transport = create_transport(node.target)
        try:
            yield Server(transport, clock, store)
        finally:
            await transport.close()


@asynccontextmanager
async def serving_fake(path: Path, **limits: Any) -> AsyncIterator[Service]:
    """Make a service in memory, with these limits; `path` is not used."""
    yield Fake(FakeService(now=datetime.fromtimestamp(START / 1000, UTC), limits=FakeLimits(**limits)))


SERVICES: dict[str, Serving] = {"server": serving_server, "fake": serving_fake}
