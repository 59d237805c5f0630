"""Metrics are scraped as often as is said, on the core of whoever makes the work, and never in vain."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from signal import SIGKILL

import pytest

from benchmarks.machine import cores
from benchmarks.servers import servers
from benchmarks.servers.processes import Failed, free_port
from benchmarks.servers.scraper import Scraper
from benchmarks.servers.servers import scraped, unisono
from tests.support.processes import TIMEOUT

NEVER = 3600.0


class Told(ThreadingHTTPServer):
    """Tells metrics with a status; `scrapes` has the connection of each."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Teller)
        self.scrapes: list[object] = []
        self.status = 200
        self.on_scrape: Callable[[], None] = lambda: None
        self._changed = threading.Condition()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def add(self, connection: object) -> None:
        with self._changed:
            self.scrapes.append(connection)
            self._changed.notify_all()

    def until(self, scrapes: int) -> None:
        """Wait for so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.scrapes) >= scrapes, TIMEOUT)


class Teller(BaseHTTPRequestHandler):
    """Answers scrapes."""

    protocol_version = "HTTP/1.1"
    server: Told

    def do_GET(self) -> None:
        self.server.on_scrape()
        self.server.add(self.connection)
        text = b"up 1\n"
        self.send_response(self.server.status if self.path == "/metrics" else 404)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def told() -> Iterator[Told]:
    with Told() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def scraping() -> list[threading.Thread]:
    """The scrapers at work."""
    return [thread for thread in threading.enumerate() if thread.name == "scraper"]


def test_it_scrapes_at_once_and_again_and_again_on_one_connection(told: Told) -> None:
    with closing(Scraper(told.address, 0.01)) as scraper, scraper.at_work():
        told.until(3)
    assert scraper.count == len(told.scrapes)
    assert len(set(told.scrapes)) == 1


def test_the_time_between_blocks_does_not_count(told: Told) -> None:
    with closing(Scraper(told.address, NEVER)) as scraper:
        for _ in range(3):
            with scraper.at_work():
                told.until(1)
    assert scraper.count == 1


def test_blocks_add_up(told: Told) -> None:
    # Given two blocks, each shorter than the interval
    now = 0.0
    with closing(Scraper(told.address, 1.0, lambda: now)) as scraper:
        for scrapes in (1, 2):
            with scraper.at_work():
                now += 0.6
                # Then there is a scrape in the first, and another in the second
                told.until(scrapes)
    assert scraper.count == 2


def test_it_is_on_the_core_of_whoever_makes_the_work(told: Told) -> None:
    seen: list[set[int]] = []

    def on_scrape() -> None:
        (thread,) = scraping()
        assert thread.native_id is not None
        seen.append(os.sched_getaffinity(thread.native_id))

    told.on_scrape = on_scrape
    with closing(Scraper(told.address, NEVER)) as scraper, scraper.at_work():
        told.until(1)
    assert seen == [{cores.GENERATOR}]


def test_metrics_that_are_not_told_are_no_scrape(told: Told) -> None:
    told.status = 500
    with closing(Scraper(told.address, NEVER)) as scraper:
        assert "500" in failure(scraper)


def test_nor_are_those_of_nobody() -> None:
    with closing(Scraper(f"127.0.0.1:{free_port()}", NEVER)) as scraper:
        assert "refused" in failure(scraper)


def failure(scraper: Scraper) -> str:
    """Wait until a scraper gives up, and return why."""

    def work() -> None:
        with scraper.at_work():
            for thread in scraping():
                thread.join(TIMEOUT)

    with pytest.raises(Failed) as raised:
        work()
    return str(raised.value)


def test_a_server_is_scraped_while_it_runs_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "OPERATORS", 0.01)

    def end_early() -> None:
        with scraped(), unisono(tmp_path / "a.db") as ours:
            (scraper,) = scraping()
            os.kill(ours.pid, SIGKILL)
            scraper.join(TIMEOUT)

    with pytest.raises(Failed, match="metrics were not told"):
        end_early()
    assert scraping() == []


@pytest.mark.parametrize("metrics", [True, False])
def test_a_server_whose_metrics_a_group_sees_to_is_scraped_by_nobody_else(
    tmp_path: Path, metrics: bool
) -> None:
    with scraped(), unisono(tmp_path / "a.db", metrics=metrics) as ours:
        assert bool(ours.metrics) is metrics
        assert scraping() == []


def test_a_server_serves_none_by_itself(tmp_path: Path) -> None:
    with unisono(tmp_path / "a.db") as ours:
        assert ours.metrics == ""
