"""The metrics tell who is refused and why: strangers, callers who run wild, full feeds, and who waits."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.clocks import FakeClock
from tests.support.nodes import Setup
from tests.support.rpc_errors import raises_status
from tests.support.scraping import Scraped, scraped
from unisono.server.core.access.signature_budget import SignatureBudget
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.model import Limits
from unisono.server.model.limits import FullFeed

LIMITS = Limits(
    live_notifications_per_feed=2, calls_per_second=6, stranger_calls_per_second=2, full_feed=FullFeed.REFUSE
)


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Scraped]:
    """A node whose limits are soon met, and count by a clock that stands still."""
    clock = FakeClock()
    budget = SignatureBudget(clock, per_connection=2, in_all=2)
    verifier = TokenVerifier(tokens.issuers(), tokens.apps(), clock, budget=budget)
    setup = Setup(path=tmp_path / "unisono.db", clock=clock, limits=LIMITS, verifier=verifier, commit_queue=8)
    async with scraped(setup) as served:
        yield served


def publisher(served: Scraped, token: str | None = None) -> ApiClient:
    return ApiClient(served.node.client(token or tokens.publisher()), user_id="ada")


async def refused(served: Scraped, reason: str, count: int, of: str = "calls") -> None:
    """Wait until so many were refused for this reason."""
    await served.until(lambda told: told.value("unisono_refusals_total", of=of, reason=reason) == count)


async def test_a_full_feed(served: Scraped) -> None:
    app = publisher(served)
    for _ in range(2):
        await app.send()
    with raises_status("RESOURCE_EXHAUSTED", "LIVE_NOTIFICATIONS_EXCEEDED"):
        await app.send()
    await app.send_all(app.new(), app.new())

    await refused(served, "LIVE_NOTIFICATIONS_EXCEEDED", 1)
    await refused(served, "LIVE_NOTIFICATIONS_EXCEEDED", 2, of="batch_items")


async def test_a_caller_who_runs_wild(served: Scraped) -> None:
    app = publisher(served)
    for _ in range(6):
        await app.history()
    with raises_status("RESOURCE_EXHAUSTED", "RATE_LIMITED"):
        await app.history()

    await refused(served, "RATE_LIMITED", 1)
    told = await served.scrape()
    assert told.value("unisono_calls_limited_total", limit="call") == 1
    assert told.value("unisono_calls_limited_total", limit="stranger") == 0


async def test_tokens_that_expire(served: Scraped) -> None:
    for _ in range(3):
        with raises_status("UNAUTHENTICATED", "TOKEN_EXPIRED"):
            await publisher(served, tokens.publisher(exp=1_700_000_000)).send()

    await refused(served, "TOKEN_EXPIRED", 3)


async def test_a_hostile_client_without_a_token(served: Scraped) -> None:
    stranger = publisher(served, "nonsense")
    for _ in range(2):
        with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
            await stranger.send()
    with raises_status("RESOURCE_EXHAUSTED", "RATE_LIMITED"):
        await stranger.send()

    told = await served.scrape()
    assert told.value("unisono_calls_limited_total", limit="stranger") == 1
    assert told.value("unisono_calls_limited_total", limit="call") == 0


async def test_forged_signatures(served: Scraped) -> None:
    def forged(number: int) -> ApiClient:
        return publisher(served, tokens.signed(tokens.claims(jti=str(number)), key="x" * 48))

    for number in range(2):
        with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
            await forged(number).send()
    with raises_status("RESOURCE_EXHAUSTED", "RATE_LIMITED"):
        await forged(3).send()

    told = await served.scrape()
    assert told.value("unisono_refused_signatures_total", checked="yes") == 2
    assert told.value("unisono_refused_signatures_total", checked="no") == 1


async def test_refusals_that_are_held_back(served: Scraped) -> None:
    app = publisher(served)
    for _ in range(6):
        await app.history()
    # The time that it is held back is the machine's; one that is seen held is let go all the same.
    asking = [asyncio.create_task(app.history()) for _ in range(50)]

    told = await served.until(lambda told: told.value("unisono_calls_limited_total", limit="call") == 50)

    assert told.value("unisono_refusals_held") >= 0
    await asyncio.wait(asking)
    assert all(task.exception() is not None for task in asking)
    await served.until(lambda told: told.value("unisono_refusals_held") == 0)


async def test_more_than_may_wait_for_a_commit(served: Scraped) -> None:
    app = publisher(served)
    with raises_status("UNAVAILABLE", "OVERLOADED"):
        await app.send_all(*(app.new() for _ in range(9)))

    await refused(served, "OVERLOADED", 1)
    told = await served.scrape()
    assert told.value("unisono_commit_queue_capacity", to="feeds") == 8
    assert told.value("unisono_commit_queue_items", to="feeds") == 0


@pytest.mark.parametrize("user_id", ["known-to-ada-alone"])
async def test_nobody_is_named(served: Scraped, user_id: str) -> None:
    with raises_status("PERMISSION_DENIED", "USER_MISMATCH"):
        await ApiClient(served.node.user(user_id)).feed(user_id="another-user")
    await refused(served, "USER_MISMATCH", 1)

    text = (await served.scrape()).text
    assert user_id not in text
    assert "another-user" not in text
    assert "mail" not in text
