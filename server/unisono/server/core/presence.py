"""Signs of life of endpoints, collected and written every few seconds. Knows no sessions."""

import asyncio
from dataclasses import replace

import structlog

from unisono.server.errors import Unavailable
from unisono.server.model import FeedKey
from unisono.server.store.base import Store
from unisono.server.store.reads import Seen

log = structlog.get_logger(__name__)


class Presence:
    """Merges signs of life by endpoint. What a crash loses is at most a few seconds of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._signs: dict[tuple[FeedKey, str, str], Seen] = {}
        self._flushing = asyncio.Lock()

    def note(self, sign: Seen) -> Seen:
        """Remember a sign of life; returns it merged with what waits to be written.

        The ends of sessions are kept apart: an older session may notice its end after a newer one.
        """
        key = (sign.feed, sign.endpoint_id, sign.ended_session)
        known = self._signs.get(key)
        if known is not None:
            sign = replace(
                sign,
                time=max(known.time, sign.time),
                acknowledged_revision=max(known.acknowledged_revision, sign.acknowledged_revision),
            )
        self._signs[key] = sign
        return sign

    async def flush(self) -> None:
        """Write what was collected; keep it for the next time when the store cannot be written."""
        async with self._flushing:
            signs = dict(self._signs)
            if not signs:
                return
            try:
                await self._store.note_seen(list(signs.values()))
            except Unavailable as error:
                log.warning("signs of life could not be written", error=str(error))
                return
            for key, sign in signs.items():
                # A sign that was noted meanwhile is another one.
                if self._signs[key] is sign:
                    del self._signs[key]
