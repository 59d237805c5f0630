"""Reads a session message by message."""

import asyncio

from unisono.server.api.convert.subscribe_response import encode_response
from unisono.server.core.session import Session
from unisono.server.core.stream_messages import GoodbyeReason


class SessionReader:
    """Runs a session, which goes on after each message only when the next one is asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._written: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._wished = asyncio.Event()
        self._running: asyncio.Task[tuple[GoodbyeReason, float | None]] | None = None

    async def next(self) -> bytes | None:
        """Return the next message, encoded; None after the last one."""
        self._running = self._running or asyncio.create_task(self._run())
        self._wished.set()
        message = await self._written.get()
        if message is None:
            await self._running
        return message

    async def ending(self) -> tuple[GoodbyeReason, float | None]:
        """Return how the session ended, after its last message was taken; fails when there is another one."""
        assert await self.next() is None, "something after the Goodbye"
        assert self._running is not None
        return await self._running

    async def cut(self) -> None:
        """Cancel the session, as when its client vanishes."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _run(self) -> tuple[GoodbyeReason, float | None]:
        try:
            return await self._session.run(encode_response, self._write)
        finally:
            self._written.put_nowait(None)

    async def _write(self, message: bytes) -> None:
        self._wished.clear()
        self._written.put_nowait(message)
        await self._wished.wait()
