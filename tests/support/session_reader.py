"""What a session says, taken message by message. Knows no stream and no device."""

import asyncio

from unisono.server.api.convert.subscribe_response import encode_response
from unisono.server.core.session import Session
from unisono.server.core.stream_messages import GoodbyeReason


class SessionReader:
    """The session goes on when the message before is followed by a wish for the next."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._written: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._wished = asyncio.Event()
        self._running: asyncio.Task[tuple[GoodbyeReason, float | None]] | None = None

    async def next(self) -> bytes | None:
        """The next message; None after the last one."""
        self._running = self._running or asyncio.create_task(self._run())
        self._wished.set()
        message = await self._written.get()
        if message is None:
            await self._running
        return message

    async def ending(self) -> tuple[GoodbyeReason, float | None]:
        """What the session ended with, once its last message was taken; fails when it says more."""
        assert await self.next() is None, "something after the Goodbye"
        assert self._running is not None
        return await self._running

    async def cut(self) -> None:
        """Nobody takes anything any more."""
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
