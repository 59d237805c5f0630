"""The use cases of EndpointService: registering, renaming, deleting and reading the endpoints of a user."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from unisono.server.bus.base import Bus, Hint
from unisono.server.clock import Clock
from unisono.server.core.bars import Bars
from unisono.server.core.commit_metrics import CommitMetrics
from unisono.server.core.committer import Committed, Committer
from unisono.server.core.decide.endpoints import (
    EndpointCommand,
    EndpointResult,
    Register,
    Remove,
    Rename,
    decide_endpoints,
    registered,
    require_endpoint,
    returns,
)
from unisono.server.core.presence import Presence
from unisono.server.errors import Unavailable, UnisonoError
from unisono.server.model import Endpoint, FeedKey, Limits, Platform
from unisono.server.store.base import Store
from unisono.server.store.commit import EndpointDecision, EndpointView

STEP: Final = 200
"""The most sessions that are written at once, of those that could not be written before."""


class Endpoints:
    """Reads and changes endpoints. Changes have a committer of their own.

    For each endpoint that was written a hint is published, so that a session that lost it ends. A session
    begins also where the store cannot be written, if its endpoint is registered: then it counts in the
    process, and `save_sessions` writes it later.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        presence: Presence,
        bars: Bars,
        clock: Clock,
        limits: Limits,
        *,
        batch: int,
        capacity: int,
    ) -> None:
        self._store = store
        self._bus = bus
        self._unsaved = presence.unsaved
        self._clock = clock
        self._limits = limits
        #: Within the lock: until it is held, a user may be deleted and barred.
        self._write_or_begin = bars.guarded(self._write_or_begin_sessions)
        #: Held while endpoints are written, so that sessions follow each other in one order.
        self._writing = asyncio.Lock()
        self.metrics = CommitMetrics()
        self.committer: Committer[EndpointCommand, EndpointResult] = Committer(
            self.metrics.measured(self._commit),
            batch=batch,
            capacity=capacity,
            wait_seconds=self.metrics.wait_seconds,
        )

    async def register(
        self,
        feed: FeedKey,
        endpoint_id: str,
        platform: Platform | None,
        display_name: str,
        session_id: str = "",
        registration: int | None = None,
        *,
        ephemeral: bool = False,
    ) -> EndpointResult:
        """Register an endpoint, or find it registered; with a `session_id`, that session becomes its stream.

        Returns the endpoint and its feed. `platform` may be None, and an empty `display_name` leaves the
        stored one, where it is registered. `registration` is that of the position that the device holds, None
        for none: only then an id that was deleted and may return is registered anew. At
        `Limits.endpoints_per_user` the endpoint that was unseen for longest and has no stream is removed, for
        one that is not `ephemeral`. Raises `InvalidRequest` for a new endpoint without platform;
        `FailedPrecondition` for one that was deleted, or was since its position (ENDPOINT_DELETED), or has
        another platform (PLATFORM_FIXED); `QuotaExceeded` at the limit for an ephemeral one, or when all have
        streams; and `Unavailable`, but for a session of a registered endpoint only if the store cannot even
        be read.
        """
        return await self.committer.submit(
            Register(
                feed=feed,
                endpoint_id=endpoint_id,
                platform=platform,
                display_name=display_name,
                session_id=session_id,
                registration=registration,
                ephemeral=ephemeral,
            )
        )

    async def rename(self, feed: FeedKey, endpoint_id: str, display_name: str) -> Endpoint:
        """Rename an endpoint, and return it as it is then.

        Raises `NotFound`, `FailedPrecondition` when it was deleted, and `Unavailable`.
        """
        command = Rename(feed=feed, endpoint_id=endpoint_id, display_name=display_name)
        return (await self.committer.submit(command)).endpoint

    async def remove(self, feed: FeedKey, endpoint_id: str, *, may_return: bool = False) -> bool:
        """Delete an endpoint and end its stream. Return False when it was deleted before.

        With `may_return` its id may be registered anew at once. To take that back is a change of one that was
        deleted before. Raises `NotFound` where the user has no such endpoint, and `Unavailable`.
        """
        command = Remove(feed=feed, endpoint_id=endpoint_id, may_return=may_return)
        return (await self.committer.submit(command)).changed

    async def get(self, feed: FeedKey, endpoint_id: str) -> Endpoint:
        """Return an endpoint.

        Raises `NotFound`, `FailedPrecondition` when it was deleted, and `Unavailable`.
        """
        _, endpoint = await self._store.standing(feed, endpoint_id)
        return self._with_session(require_endpoint(endpoint))

    async def list_all(self, feed: FeedKey) -> Sequence[Endpoint]:
        """Return the endpoints of a user that are not deleted, in the order of registration.

        Empty for a user who is not known. Raises `Unavailable`.
        """
        return [self._with_session(endpoint) for endpoint in await self._store.endpoints(feed)]

    async def save_sessions(self) -> None:
        """Write the sessions that could not be written when they began, in steps.

        Does not raise `Unavailable`: what could not be written waits for the next time.
        """
        with suppress(Unavailable):
            while True:
                async with self._writing:
                    again = self._unsaved.first(STEP)
                    if not again:
                        return
                    await self._write(again, ())

    async def _commit(self, commands: Sequence[EndpointCommand]) -> Committed[EndpointResult]:
        """Commit commands, or where the store cannot be written begin the sessions of registered endpoints.

        What could not be written before of these users goes first, so that the newest session comes last.
        """
        async with self._writing:
            return await self._write_or_begin(commands)

    async def _write_or_begin_sessions(
        self, commands: Sequence[EndpointCommand]
    ) -> Committed[EndpointResult]:
        try:
            return await self._write(self._unsaved.of({command.feed for command in commands}), commands)
        except Unavailable as error:
            return Committed(outcomes=[await self._unwritten(command, error) for command in commands])

    async def _write(
        self, again: Sequence[Register], commands: Sequence[EndpointCommand]
    ) -> Committed[EndpointResult]:
        now = self._clock.now()

        def decide(items: Sequence[EndpointCommand], view: EndpointView) -> EndpointDecision[EndpointResult]:
            return decide_endpoints(items, view, now=now, limits=self._limits)

        decision = await self._store.commit_endpoints([*again, *commands], decide)
        for saved in again:
            self._unsaved.discard(saved.feed, saved.endpoint_id, saved.session_id)
        for endpoint in decision.endpoints:
            self._publish(endpoint.feed, endpoint.endpoint_id, endpoint.session_id)
        return Committed(outcomes=decision.outcomes[len(again) :], work=decision.work)

    async def _unwritten(self, command: EndpointCommand, error: Unavailable) -> EndpointResult | UnisonoError:
        """Return the outcome of a command that could not be written, because of `error`.

        A session that is to begin needs only that its endpoint is stored, and has it from now on.
        """
        if not isinstance(command, Register) or not command.session_id:
            return error
        try:
            feed, known = await self._store.feed_and_endpoint(command.feed, command.endpoint_id)
            if feed is None or known is None or returns(known, command):
                return error
            endpoint = registered(known, command, self._clock.now())
        except UnisonoError as refusal:
            return refusal
        self._unsaved.put(replace(command, platform=known.platform, feed_epoch=feed.epoch))
        self._publish(command.feed, command.endpoint_id, command.session_id)
        return EndpointResult(endpoint=endpoint, feed=feed)

    def _with_session(self, endpoint: Endpoint) -> Endpoint:
        """Return a stored endpoint with its session, which may be unsaved."""
        unsaved = self._unsaved.owner(endpoint.feed, endpoint.endpoint_id)
        return replace(endpoint, session_id=unsaved) if unsaved else endpoint

    def _publish(self, feed: FeedKey, endpoint_id: str, session_id: str) -> None:
        self._bus.publish(Hint(key=feed, endpoint_id=endpoint_id, session_id=session_id))
