"""The time of the server, as far as a device can tell: by what the server said, and what has passed since.

What has passed is counted by the clock that nobody can set; the wall clock serves where no server has said
anything yet, and across a restart of the process, with its difference as it was saved.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from unisono.client._device.boot_clock import boot_time

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: In seconds since 1970. A server that says another time is not believed.
_LAST: Final = (datetime(9998, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()


class ServerClock:
    """Tells the server's time. `boot` and `wall` return seconds, the latter since 1970."""

    def __init__(
        self, *, boot: Callable[[], float] = boot_time, wall: Callable[[], float] = time.time
    ) -> None:
        self._boot = boot
        self._wall = wall
        #: How far the server's clock is ahead of `boot`, in seconds; None: not known.
        self._ahead: float | None = None

    def hear(self, said: Timestamp, *, anew: bool = False) -> None:
        """Take over the time that a message says; `anew` for the first of a stream.

        A message can only come late, after a process stood still by a lot: so of one stream the latest time
        counts. The first message of a stream is also believed where the server's clock was set back.
        """
        seconds = said.seconds + said.nanos / 1e9
        if not 0 < seconds < _LAST:
            return
        ahead = seconds - self._boot()
        self._ahead = ahead if anew or self._ahead is None else max(ahead, self._ahead)

    @property
    def ahead_of_wall(self) -> float | None:
        """How far it is ahead of the wall clock now, in seconds, for a later process; None: not known."""
        return None if self._ahead is None else self._boot() + self._ahead - self._wall()

    def restore(self, ahead_of_wall: float) -> None:
        """Go on with the difference that an earlier process knew."""
        self._ahead = self._wall() + ahead_of_wall - self._boot()

    def now(self) -> datetime:
        """Return the time of the server, aware and in UTC; by the wall clock where none has said it."""
        seconds = self._wall() if self._ahead is None else self._boot() + self._ahead
        return _EPOCH + timedelta(seconds=min(max(seconds, 0.0), _LAST))
