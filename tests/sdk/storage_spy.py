"""A storage in a dict that records how it is used, and fails or waits when a test wants it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from unisono.v1 import feed_service_pb2 as pb


class StorageSpy:
    """A `Storage` that outlives its device.

    `error` is raised by each method. While the `gate` is not set, methods wait, and `waiting` is set.
    `misused` is whether two methods ran at once; `saves` and `closed` count calls, `tries` also those that
    fail.
    """

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.error: Exception | None = None
        self.saves = 0
        self.tries = 0
        self.closed = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = asyncio.Event()
        self.misused = False
        self._busy = False

    @property
    def token(self) -> bytes:
        """Return the resume token that is stored, empty if there is none."""
        return pb.SubscribeResponse.FromString(self.stored.get("point", b"")).resume_token

    @property
    def rows(self) -> set[str]:
        """Return the ids of the notifications that are stored."""
        return {key.removeprefix("notification/") for key in self.stored if key.startswith("notification/")}

    @property
    def marks(self) -> int:
        """Return how many marks are stored."""
        return sum(key.startswith("mark/") for key in self.stored)

    async def load(self) -> Mapping[str, bytes]:
        async with self._used():
            return dict(self.stored)

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        """Save the changes; cancellation does not stop it, as on a disk."""
        await asyncio.shield(asyncio.ensure_future(self._save(changes)))

    async def _save(self, changes: Mapping[str, bytes | None]) -> None:
        async with self._used():
            self.saves += 1
            self.stored |= {key: value for key, value in changes.items() if value is not None}
            for key in [key for key, value in changes.items() if value is None]:
                self.stored.pop(key, None)

    async def close(self) -> None:
        async with self._used():
            self.closed += 1

    @asynccontextmanager
    async def _used(self) -> AsyncIterator[None]:
        """One method at a time, as `Storage` says."""
        self.misused |= self._busy
        self._busy = True
        self.tries += 1
        try:
            self.waiting.set()
            await self.gate.wait()
            self.waiting.clear()
            if self.error is not None:
                raise self.error
            yield
        finally:
            self._busy = False
