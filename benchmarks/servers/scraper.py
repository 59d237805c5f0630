"""Scrapes the metrics of our server as Prometheus does, on the generator's core."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread
from typing import Final

from benchmarks.machine import cores
from benchmarks.servers.processes import Failed

OPERATORS: Final = 5.0
"""Seconds from one scrape to the next, as operators have it who want to see much; others have 15."""

_PATH: Final = "/metrics"

#: As of Prometheus, in seconds.
_TIMEOUT: Final = 10.0

#: The least time to wait for what is due, in seconds.
_PAUSE: Final = 0.005


class Scraper:
    """Scrapes an address at once, and each `interval` seconds then, on one connection.

    `count` is how often it has. `clock` is no faster than time is.
    """

    def __init__(self, address: str, interval: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.count = 0
        self._connection: Final = HTTPConnection(address, timeout=_TIMEOUT)
        self._interval: Final = interval
        self._clock: Final = clock
        self._due = self._left = 0.0
        self._failure: Failed | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Scrape inside the `with` block; the time between two blocks does not count as time.

        So blocks that are shorter than the interval have as many scrapes together as a long one. Raises
        Failed where the server has not told its metrics.
        """
        over, self._due = Event(), self._clock() + self._left
        thread = Thread(target=self._scrape_until, args=(over,), name="scraper")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self._left = self._due - self._clock()
        if self._failure:
            raise self._failure

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _scrape_until(self, over: Event) -> None:
        with cores.on(cores.GENERATOR):
            while not self._failure and not over.wait(max(_PAUSE, self._due - self._clock())):
                if self._clock() >= self._due:
                    self._due += self._interval
                    self._scrape()

    def _scrape(self) -> None:
        try:
            self._read()
        except (OSError, HTTPException, Failed) as error:
            self._failure = Failed(f"metrics were not told: {str(error) or type(error).__name__}")

    def _read(self) -> None:
        self._connection.request("GET", _PATH)
        response = self._connection.getresponse()
        text = response.read()
        if response.status != 200 or not text:
            raise Failed(f"{response.status} {response.reason}")
        self.count += 1
