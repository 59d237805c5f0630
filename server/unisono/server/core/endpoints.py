"""The use cases of EndpointService: registering, renaming, deleting and reading the endpoints of a user."""

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
    require_endpoint,
)
from unisono.server.model import Endpoint, FeedKey, Limits, Platform
from unisono.server.store.base import Store
from unisono.server.store.commit import EndpointDecision, EndpointView


class Endpoints:
    """Reads and changes endpoints. Changes have a committer of their own.

    For each endpoint that was written a hint is published, so that a session that lost it ends.
    """

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
        """Register an endpoint, or find it registered; with a `session_id`, that session becomes its stream.

        Returns the endpoint and its feed. `platform` may be None, and an empty `display_name` leaves the
        stored one, where it is registered. At `Limits.endpoints_per_user` the endpoint that was unseen for
        longest and has no stream is removed. Raises `InvalidRequest` for a new endpoint without platform;
        `FailedPrecondition` for one that was deleted (ENDPOINT_DELETED) or has another platform
        (PLATFORM_FIXED); `QuotaExceeded` at the limit when all have streams; and `Unavailable`.
        """
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
        """Rename an endpoint, and return it as it is then.

        Raises `NotFound`, `FailedPrecondition` when it was deleted, and `Unavailable`.
        """
        command = Rename(feed=feed, endpoint_id=endpoint_id, display_name=display_name)
        return (await self.committer.submit(command)).endpoint

    async def remove(self, feed: FeedKey, endpoint_id: str) -> bool:
        """Delete an endpoint and end its stream. Return False when it was deleted before.

        Raises `NotFound` where the user has no such endpoint, and `Unavailable`.
        """
        result = await self.committer.submit(Remove(feed=feed, endpoint_id=endpoint_id))
        return result.changed

    async def get(self, feed: FeedKey, endpoint_id: str) -> Endpoint:
        """Return an endpoint.

        Raises `NotFound`, `FailedPrecondition` when it was deleted, and `Unavailable`.
        """
        _, endpoint = await self._store.standing(feed, endpoint_id)
        return require_endpoint(endpoint)

    async def list_all(self, feed: FeedKey) -> Sequence[Endpoint]:
        """Return the endpoints of a user that are not deleted, in the order of registration.

        Empty for a user who is not known. Raises `Unavailable`.
        """
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
