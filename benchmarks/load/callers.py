"""Backends: calls with one answer, so many at a time or so many a second."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from benchmarks.load.requests import Request
from tests.support.http2.call import Call, Status
from tests.support.http2.connection import Connection

#: Calls under way on a connection, at most: a server ends connections that go beyond what it allows, 1,000,
#: and one that many wait for is not measured, but flooded.
MAX_IN_FLIGHT: Final = 500

#: How long before the first of a steady rate is due, in seconds: nothing is late by having to begin.
_AHEAD: Final = 0.05


class CallFailed(Exception):
    """A call was not answered OK: what was measured is not what was meant."""


async def connections(address: str, amount: int) -> list[Connection]:
    """So many of them."""
    return [await Connection.open(address) for _ in range(amount)]


class Calls:
    """Makes calls, and keeps how long each took, in seconds. `answer` is the last that came."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self.times: list[float] = []
        self.answer = b""
        self._connections = connections
        self._in_flight = [0] * len(connections)
        self._begun = 0
        self._left = 0
        self._done: asyncio.Future[None]

    async def at_a_time(self, concurrency: int, requests: Iterable[Request]) -> None:
        """Make all of them, each when one before it was answered. Raises CallFailed."""
        waiting = list(requests)[::-1]
        self._expect(len(waiting))

        def next_one() -> None:
            if waiting:
                self._make(waiting.pop(), time.perf_counter(), next_one)

        for _ in range(min(concurrency, len(waiting))):
            next_one()
        await self._done

    async def a_second(self, rate: float, requests: Iterable[Request]) -> list[float]:
        """Make them at a steady rate, whatever is answered meanwhile; returns when each was due.

        Times count from there. They are by `time.perf_counter`. Raises CallFailed.
        """
        loop = asyncio.get_running_loop()
        every = list(requests)
        self._expect(len(every))
        first = time.perf_counter() + _AHEAD
        due = [first + number / rate for number in range(len(every))]

        def ring() -> None:
            # A thread, since the loop keeps its times to a millisecond, which is more than a call takes.
            for request, at in zip(every, due, strict=True):
                time.sleep(max(0.0, at - time.perf_counter()))
                if self._done.done():
                    return
                loop.call_soon_threadsafe(self._make, request, at)

        await asyncio.gather(asyncio.to_thread(ring), self._done)
        return due

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            connection.close()

    def _expect(self, calls: int) -> None:
        """So many will be made until it is done."""
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
