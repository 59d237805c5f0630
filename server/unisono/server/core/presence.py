"""Activity of endpoints (last seen, acknowledgements, ends of sessions), collected and saved in intervals."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import structlog

from unisono.server.core.unsaved_sessions import UnsavedSessions
from unisono.server.errors import Unavailable
from unisono.server.model import Endpoint, FeedKey
from unisono.server.store.base import Store
from unisono.server.store.reads import EndpointActivity

log = structlog.get_logger(__name__)


STEP: Final = 200
"""The most activities in one write: a commit waits for no more than these."""

MAX_WAITING: Final = 100_000
"""The most activities that wait: the oldest are lost when the store cannot be written for long."""

_Key: TypeAlias = tuple[FeedKey, bytes, str, int, str]


class Presence:
    """Merges the activity of each endpoint, and saves it at `flush`. A crash loses what was not saved yet.

    `unsaved` has the sessions that `Endpoints` could not write: those that end leave it here.
    """

    def __init__(self, store: Store) -> None:
        self.unsaved = UnsavedSessions()
        self._store = store
        self._activities: dict[_Key, EndpointActivity] = {}
        self._flushing = asyncio.Lock()

    def record(self, activity: EndpointActivity) -> EndpointActivity:
        """Add an activity to those that wait for `flush`. Return it merged with what waits for its endpoint.

        Times and acknowledged revisions merge by maximum. Each registration of an id, in each feed of a user,
        waits on its own, and so does the end of each session, because an older session may notice its end
        after a newer one.
        """
        if activity.ended_session:
            self.unsaved.discard(activity.feed, activity.endpoint_id, activity.ended_session)
        registration = (activity.feed, activity.feed_epoch, activity.endpoint_id, activity.registrations)
        key = (*registration, activity.ended_session)
        known = self._activities.get(key)
        if known is not None:
            activity = replace(
                activity,
                time=max(known.time, activity.time),
                acknowledged_revision=max(known.acknowledged_revision, activity.acknowledged_revision),
            )
        self._activities[key] = activity
        if len(self._activities) > MAX_WAITING:
            del self._activities[next(iter(self._activities))]
        return activity

    def merged(self, endpoint: Endpoint, feed_epoch: bytes) -> Endpoint:
        """Return an endpoint of a feed with this epoch, with what waits for it."""
        registration = endpoint.endpoint_id, endpoint.registrations, ""
        for epoch in (b"", feed_epoch):
            waiting = self._activities.get((endpoint.feed, epoch, *registration))
            if waiting is not None:
                endpoint = replace(
                    endpoint,
                    last_seen_time=max(endpoint.last_seen_time, waiting.time),
                    acknowledged_revision=max(endpoint.acknowledged_revision, waiting.acknowledged_revision),
                )
        return endpoint

    async def flush(self) -> None:
        """Save what waits. Does not raise `Unavailable`: what could not be saved waits for the next time."""
        async with self._flushing:
            waiting = list(self._activities.items())
            for start in range(0, len(waiting), STEP):
                if not await self._write(waiting[start : start + STEP]):
                    return

    async def _write(self, activities: Sequence[tuple[_Key, EndpointActivity]]) -> bool:
        """Save activities, and return whether that could be done."""
        try:
            await self._store.record_activity([activity for _, activity in activities])
        except Unavailable as error:
            log.debug("endpoint activity could not be written", error=str(error))
            return False
        for key, activity in activities:
            # One that was merged meanwhile is another object, and waits on.
            if self._activities.get(key) is activity:
                del self._activities[key]
        return True
