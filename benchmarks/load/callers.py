"""Makes unary calls as a backend does: with so many in flight, or at a steady rate."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from benchmarks.load.requests import Request
from tests.support.http2.call import Call, Status
from tests.support.http2.connection import Connection

#: Calls in flight on one connection, at most. A server ends connections with more than it allows, 1,000, and
#: with so many waiting its queue would be measured.
MAX_IN_FLIGHT: Final = 500

#: Seconds until the first call of a steady rate is due, so that the start delays none.
_AHEAD: Final = 0.05


class CallFailed(Exception):
    """A call or a device did not get what it should, so the run measured something else."""


async def connections(address: str, amount: int) -> list[Connection]:
    """Open `amount` connections to HOST:PORT; raises OSError."""
    return [await Connection.open(address) for _ in range(amount)]


class Calls:
    """Makes calls on several connections in turn.

    `times` has the duration of each call that was answered, in seconds, in the order of the answers; `answer`
    is the last response, encoded.
    """

    def __init__(self, connections: Sequence[Connection]) -> None:
        self.times: list[float] = []
        self.answer = b""
        self._connections = connections
        self._in_flight = [0] * len(connections)
        self._begun = 0
        self._left = 0
        self._done: asyncio.Future[None]

    async def at_a_time(self, concurrency: int, requests: Iterable[Request], pause: float = 0.0) -> None:
        """Make all calls, with at most `concurrency` in flight, and wait for their answers.

        `pause` is in seconds, from an answer until the next call. Raises CallFailed as soon as one is not
        answered OK.
        """
        waiting = list(requests)[::-1]
        self._expect(len(waiting))
        loop = asyncio.get_running_loop()

        def next_one() -> None:
            if waiting:
                self._make(waiting.pop(), time.perf_counter(), after_pause if pause else next_one)

        def after_pause() -> None:
            loop.call_later(pause, next_one)

        for _ in range(min(concurrency, len(waiting))):
            next_one()
        await self._done

    async def a_second(self, rate: float, requests: Iterable[Request]) -> list[float]:
        """Make calls at a steady rate, `rate` a second, whether earlier ones are answered or not (open loop).

        Waits for the answers, and returns when each call was due, by `time.perf_counter`; `times` count from
        there. Raises CallFailed as soon as one is not answered OK, or more than `MAX_IN_FLIGHT` wait on a
        connection.
        """
        loop = asyncio.get_running_loop()
        every = list(requests)
        self._expect(len(every))
        first = time.perf_counter() + _AHEAD
        due = [first + number / rate for number in range(len(every))]

        def ring() -> None:
            # A thread, since timers of the loop are precise to a millisecond only, which is more than a call
            # takes.
            for request, at in zip(every, due, strict=True):
                time.sleep(max(0.0, at - time.perf_counter()))
                if self._done.done():
                    return
                loop.call_soon_threadsafe(self._make, request, at)

        await asyncio.gather(asyncio.to_thread(ring), self._done)
        return due

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            connection.close()

    def _expect(self, calls: int) -> None:
        """Begin to wait for the answers to so many calls."""
        self._left = calls
        self._done = asyncio.get_running_loop().create_future()

    def _make(self, request: Request, began: float, then: Callable[[], None] | None = None) -> None:
        place = self._begun % len(self._connections)
        self._begun += 1
        if self._in_flight[place] == MAX_IN_FLIGHT:
            self._fail(f"{MAX_IN_FLIGHT} calls wait on one connection: they are made faster than answered")
            return
        self._in_flight[place] += 1

        def end(status: Status) -> None:
            self._in_flight[place] -= 1
            if status.code != "OK":
                self._fail(f"{request.path}: {status.code} {status.reason}")
                return
            self.times.append(time.perf_counter() - began)
            self._left -= 1
            if self._left == 0 and not self._done.done():
                self._done.set_result(None)
            if then is not None:
                then()

        self._connections[place].ask(request.path, request.token, request.body, Call(self._take, end))

    def _fail(self, problem: str) -> None:
        if not self._done.done():
            self._done.set_exception(CallFailed(problem))

    def _take(self, answer: bytes) -> None:
        self.answer = answer
