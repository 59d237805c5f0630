"""The devices of a user: registering, naming, deleting and reading them. Knows no sessions."""

from collections.abc import Sequence

from unisono.server.bus.base import Bus, Hint
from unisono.server.clock import Clock
from unisono.server.core.committer import Committed, Committer
from unisono.server.core.decide.endpoints import (
    EndpointCommand,
    EndpointResult,
    Register,
    Remove,
    Rename,
    decide_endpoints,
    existing,
)
from unisono.server.model import Endpoint, FeedKey, Limits, Platform
from unisono.server.store.base import Store
from unisono.server.store.commit import EndpointDecision, EndpointView


class Endpoints:
    """Changes go through a group commit of their own; a change of sessions is hinted."""

    def __init__(
        self, store: Store, bus: Bus, clock: Clock, limits: Limits, *, batch: int, capacity: int
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._limits = limits
        self.committer: Committer[EndpointCommand, EndpointResult] = Committer(
            self._commit, batch=batch, capacity=capacity
        )

    async def register(
        self,
        feed: FeedKey,
        endpoint_id: str,
        platform: Platform | None,
        display_name: str,
        session_id: str = "",
    ) -> EndpointResult:
        """Make the endpoint or find it; with a `session_id`, that session becomes its stream."""
        return await self.committer.submit(
            Register(
                feed=feed,
                endpoint_id=endpoint_id,
                platform=platform,
                display_name=display_name,
                session_id=session_id,
            )
        )

    async def rename(self, feed: FeedKey, endpoint_id: str, display_name: str) -> Endpoint:
        """Give it another name."""
        command = Rename(feed=feed, endpoint_id=endpoint_id, display_name=display_name)
        return (await self.committer.submit(command)).endpoint

    async def remove(self, feed: FeedKey, endpoint_id: str) -> bool:
        """Delete it and end its stream; returns whether it was there."""
        settled = await self.committer.submit(Remove(feed=feed, endpoint_id=endpoint_id))
        return settled.changed

    async def get(self, feed: FeedKey, endpoint_id: str) -> Endpoint:
        """The endpoint; raises NotFound, or FailedPrecondition when it was deleted."""
        _, endpoint = await self._store.standing(feed, endpoint_id)
        return existing(endpoint)

    async def list_all(self, feed: FeedKey) -> Sequence[Endpoint]:
        """All that are not deleted, in the order of registration."""
        return await self._store.endpoints(feed)

    async def _commit(self, commands: Sequence[EndpointCommand]) -> Committed[EndpointResult]:
        now = self._clock.now()

        def decide(items: Sequence[EndpointCommand], view: EndpointView) -> EndpointDecision[EndpointResult]:
            return decide_endpoints(items, view, now=now, limits=self._limits)

        decision = await self._store.commit_endpoints(commands, decide)
        for endpoint in decision.endpoints:
            self._bus.publish(
                Hint(
                    key=endpoint.feed,
                    endpoint_id=endpoint.endpoint_id,
                    session_id=endpoint.session_id,
                )
            )
        return Committed(outcomes=decision.outcomes, work=decision.work)
