"""The body of a request as it comes, for whoever reads it."""

import asyncio
from typing import Final

from unisono.server.api.http.exchange import ClientGone


class Body:
    """Holds what has come and has not been read; whoever feeds it bounds that.

    `held` is the room that this takes of a window, or however else it is counted.
    """

    __slots__ = ("_data", "_ended", "_gone", "_loop", "_waiter", "held")

    def __init__(self, loop: asyncio.AbstractEventLoop, *, ended: bool) -> None:
        self._loop: Final = loop
        self._data: bytes | bytearray = b""
        self._ended = ended
        self._gone = False
        self._waiter: asyncio.Future[None] | None = None
        self.held = 0

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for more."""
        return self._waiter is not None

    def feed(self, data: bytes, held: int, *, ended: bool) -> None:
        """Add what came."""
        if not self._data:
            self._data = data
        else:
            # Many small parts cost no more memory than one.
            if not isinstance(self._data, bytearray):
                self._data = bytearray(self._data)
            self._data += data
        self.held += held
        self._ended = self._ended or ended
        if self._data or self._ended:
            self._wake()

    def end(self) -> int:
        """Drop what has not been read, for it is of no use any more; return what was held of it."""
        self._data, self._ended = b"", True
        held, self.held = self.held, 0
        self._wake()
        return held

    def lose(self) -> None:
        """Have those who read know that the client is gone."""
        self._gone = True
        self._wake()

    async def read(self) -> tuple[bytes, int]:
        """Return all that has come, and what was held of it; empty at the end. Raises `ClientGone`."""
        while not (self._gone or self._data or self._ended):
            self._waiter = self._waiter or self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._gone:
            raise ClientGone
        data, held = bytes(self._data), self.held
        self._data, self.held = b"", 0
        return data, held

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
