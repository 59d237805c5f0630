"""The metrics tell of the store: how large it is, what fails and waits, and whether the sweeper gets on."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest_asyncio

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.clocks import FakeClock
from tests.support.nodes import Setup
from tests.support.rpc_errors import raises_status
from tests.support.scraping import Scraped, scraped
from unisono.v1 import feed_service_pb2 as pb


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Scraped]:
    """A node that counts what it has in steps of two rows."""
    async with scraped(Setup(path=tmp_path / "unisono.db"), step=2) as served:
        yield served


@pytest_asyncio.fixture
async def held(tmp_path: Path) -> AsyncIterator[tuple[Scraped, FakeClock]]:
    """A node for which time passes only when a test says so."""
    clock = FakeClock()
    async with scraped(Setup(path=tmp_path / "unisono.db", clock=clock)) as served:
        yield served, clock


async def test_how_large_the_store_is(served: Scraped) -> None:
    told = await served.until(lambda told: told.has("unisono_store_free_bytes"))

    path = served.node.setup.path
    assert told.value("unisono_store_bytes", file="database") == path.stat().st_size
    log = path.with_name(f"{path.name}-wal")
    assert told.value("unisono_store_bytes", file="log") == log.stat().st_size > 100_000
    assert told.value("unisono_store_free_bytes") > 0


async def test_how_much_is_in_it(tmp_path: Path) -> None:
    # Given a store that was filled before
    setup = Setup(path=tmp_path / "unisono.db")
    async with scraped(setup) as before:
        for number in range(5):
            backend = ApiClient(before.node.publisher, user_id=f"user-{number}")
            sent = [await backend.send() for _ in range(2)]
            await backend.delete(sent[0].id)
            await ApiClient(before.node.user(f"user-{number}"), endpoint_id="phone").register()
        await ApiClient(before.node.user("user-0"), endpoint_id="phone").remove()

    # When it is counted by two rows at a time
    async with scraped(setup, step=2) as served:
        told = await served.until(lambda told: told.has("unisono_feeds"))

    assert told.value("unisono_feeds") == 5
    assert told.value("unisono_endpoints") == 4
    assert told.value("unisono_notifications", state="live") == 5
    assert told.value("unisono_notifications", state="removed") == 5


async def test_a_store_that_cannot_be_written(served: Scraped) -> None:
    backend = ApiClient(served.node.publisher, user_id="ada")
    await backend.send()
    before = await served.scrape()
    # Another program holds the file for longer than the server waits.
    other = sqlite3.connect(served.node.setup.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with raises_status("UNAVAILABLE", "STORE_UNAVAILABLE"):
            await backend.send()
        await served.until(lambda told: told.value("unisono_store_away") == 1)
    finally:
        other.close()

    changed = (await served.until(lambda told: told.value("unisono_store_away") == 0)).changed(before)
    assert changed['unisono_store_failures_total{reason="STORE_UNAVAILABLE"}'] >= 1
    assert changed['unisono_refusals_total{of="calls",reason="STORE_UNAVAILABLE"}'] == 1


async def test_commits_and_reads_are_timed(served: Scraped) -> None:
    backend = ApiClient(served.node.publisher, user_id="ada")
    before = await served.scrape()
    await backend.send()
    await backend.history()

    changed = (await served.scrape()).changed(before)

    assert changed['unisono_commit_seconds_count{to="feeds"}'] == 1
    assert changed['unisono_commit_wait_seconds_count{to="feeds"}'] == 1
    assert changed["unisono_store_read_seconds_count"] >= 1


async def test_large_batches_wait_for_their_turns(served: Scraped) -> None:
    users = [ApiClient(served.node.publisher, user_id=f"user-{number}") for number in range(4)]
    await asyncio.gather(*(one.send_all(*(one.new() for _ in range(300))) for one in users))

    assert (await served.scrape()).value("unisono_turn_wait_seconds_count") > 0


async def test_the_sweeper_gets_on(held: tuple[Scraped, FakeClock]) -> None:
    served, clock = held
    backend = ApiClient(served.node.publisher, user_id="ada")
    await backend.send(expire_time={"seconds": clock.now() // 1000 + 60})
    assert not (await served.scrape()).has("unisono_last_sweep_timestamp_seconds")

    clock.advance(90)

    told = await served.until(lambda told: told.has("unisono_last_sweep_timestamp_seconds"))
    assert told.value("unisono_due_processed_total") == 1
    assert told.value("unisono_sweep_lag_seconds") == 0
    assert told.value("unisono_last_sweep_timestamp_seconds") == clock.now() / 1000


async def test_the_sweeper_does_not_get_on(held: tuple[Scraped, FakeClock]) -> None:
    served, clock = held
    backend = ApiClient(served.node.publisher, user_id="ada")
    await backend.send(expire_time={"seconds": clock.now() // 1000 + 60})
    other = sqlite3.connect(served.node.setup.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        clock.advance(90)
        await served.until(lambda told: told.value("unisono_sweep_lag_seconds") == 30)
        clock.advance(0.5)
        await served.until(lambda told: told.value("unisono_sweep_lag_seconds") == 30.5)
    finally:
        other.close()


async def test_a_feed_that_waits_to_be_erased(served: Scraped) -> None:
    backend = ApiClient(served.node.publisher, user_id="ada")
    await backend.send()
    eraser = served.node.client(tokens.publisher(scope=tokens.ERASER_SCOPES))
    # Given somebody who reads the state of before
    with closing(sqlite3.connect(served.node.setup.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM feeds").fetchone()
        request = pb.DeleteFeedRequest(user_id="ada")
        deleting = asyncio.ensure_future(eraser.feeds.DeleteFeed(request, metadata=eraser.metadata))
        await served.until(lambda told: told.value("unisono_feeds_erasing") == 1)

    await deleting

    assert (await served.scrape()).value("unisono_feeds_erasing") == 0


async def test_a_loop_that_is_held_up(served: Scraped) -> None:
    before = await served.until(lambda told: told.value("unisono_event_loop_lag_seconds_count") > 1)
    time.sleep(0.3)  # noqa: ASYNC251  which is what it is to find
    told = await served.until(
        lambda told: (
            told.value("unisono_event_loop_lag_seconds_sum")
            > before.value("unisono_event_loop_lag_seconds_sum") + 0.1
        )
    )
    assert told.value("unisono_event_loop_lag_seconds_bucket", le="0.1") < told.value(
        "unisono_event_loop_lag_seconds_count"
    )
