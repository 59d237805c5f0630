"""Limits what a server may send between two complete points, which are all that counts."""

from typing import Final

from unisono.client._errors import Unavailable
from unisono.v1 import feed_service_pb2 as pb

#: Messages and events. A device has room for half a million notifications in 512 MiB (`MemoryBudget`): this
#: is several times that, as are the bytes.
MAX_MESSAGES: Final = 4_000_000
MAX_BYTES: Final = 2 * 1024**3
#: Messages without an event, in a row: a server that has nothing to send is at a complete point.
MAX_EMPTY: Final = 100


class ServerMisbehaves(Unavailable):
    """The server sends what no device can take. That may pass, but is no reason to come back soon."""


class CatchUpLimit:
    """Counts what has come since the last complete point."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew, at a complete point."""
        self._messages = self._bytes = self._empty = 0

    def count(self, message: pb.SubscribeResponse) -> None:
        """Count a message. Raises `ServerMisbehaves` for one too many, and begins anew."""
        if message.complete:
            self.reset()
            return
        events = len(message.event_batch.events)
        self._messages += 1 + events
        self._bytes += message.ByteSize()
        self._empty = 0 if events else self._empty + 1
        if self._messages > MAX_MESSAGES or self._bytes > MAX_BYTES or self._empty > MAX_EMPTY:
            found = f"{self._messages:,} messages and events of {self._bytes:,} bytes"
            self.reset()
            raise ServerMisbehaves(f"the server sent {found}, and no end of what the device missed")
