"""Signs of life of endpoints, collected and written every few seconds. Knows no sessions."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import structlog

from unisono.server.errors import Unavailable
from unisono.server.model import FeedKey
from unisono.server.store.base import Store
from unisono.server.store.reads import EndpointActivity

log = structlog.get_logger(__name__)


STEP: Final = 200
"""How many signs are written at a time: a commit waits for no more than these."""

MAX_WAITING: Final = 100_000
"""How many signs wait at most: the oldest are lost when the store cannot be written for long."""

_Key: TypeAlias = tuple[FeedKey, str, str]


class Presence:
    """Merges signs of life by endpoint. What a crash loses is at most a few seconds of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._activities: dict[_Key, EndpointActivity] = {}
        self._flushing = asyncio.Lock()

    def record(self, activity: EndpointActivity) -> EndpointActivity:
        """Remember a sign of life; returns it merged with what waits to be written.

        The ends of sessions are kept apart: an older session may notice its end after a newer one.
        """
        key = (activity.feed, activity.endpoint_id, activity.ended_session)
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

    async def flush(self) -> None:
        """Write what was collected; keep it for the next time when the store cannot be written."""
        async with self._flushing:
            signs = list(self._activities.items())
            for start in range(0, len(signs), STEP):
                if not await self._write(signs[start : start + STEP]):
                    return

    async def _write(self, activities: Sequence[tuple[_Key, EndpointActivity]]) -> bool:
        """Whether it could be done."""
        try:
            await self._store.record_activity([sign for _, sign in activities])
        except Unavailable as error:
            log.warning("signs of life could not be written", error=str(error))
            return False
        for key, sign in activities:
            # A sign that was noted meanwhile is another one.
            if self._activities.get(key) is sign:
                del self._activities[key]
        return True
