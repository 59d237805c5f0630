"""A user who was deleted is nowhere on the disk: the bytes of the store and of its log are searched.

All that pages use, as far as SQLite can be had to overwrite it: see `pages_in_use`.
"""

import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.guarantees.pages_in_use import in_use
from tests.guarantees.random_secrets import SecretUser
from tests.guarantees.thorough import thorough
from tests.support.clocks import FakeClock
from tests.support.nodes import Setup, running
from unisono.server.api.convert import encoding
from unisono.server.clock import RandomIds
from unisono.server.core.sweeper import SweepRules
from unisono.server.model import FeedKey, Limits
from unisono.server.store.sqlite import SqliteStore

CALLS = 600
MANY_CALLS = 10_000
ADA, BOB = "Zq7xKw", "Vk3pJm"

#: So small that notifications, endpoints and tombstones give way all the time.
LIMITS = Limits(
    live_notifications_per_feed=60,
    endpoints_per_user=8,
    deleted_endpoints_per_user=4,
    subscribes_per_second=10_000,
)
RULES = SweepRules(tombstones_per_feed=80, unseen_endpoint_days=0.05, deleted_endpoint_days=0.02)


@pytest.mark.parametrize("calls", thorough([CALLS, MANY_CALLS], always=[CALLS], name=str))
async def test_no_byte_is_left(tmp_path: Path, calls: int) -> None:
    random = Random(calls)  # noqa: S311
    clock = FakeClock(int(time.time() * 1000))
    path = tmp_path / "unisono.db"
    async with running(Setup(path=path, clock=clock, limits=LIMITS, sweep_rules=RULES)) as node:
        ada, bob = (SecretUser(random, node.channel, clock, mark) for mark in (ADA, BOB))
        for number in range(calls):
            await random.choice((ada, ada, bob)).one()
            if number % 10 == 0:
                clock.advance(random.choice((1, 10, 60, 600)))
        before = finds(path, ada)
        clock.advance(1)

        assert await ada.forget()

        found = finds(path, ada), finds(path, bob)
        await bob.one()
        later = finds(path, ada)
    closed = finds(path, ada)

    assert len(ada.told) > calls // 20
    assert min(before[place] for place in ("unisono.db", "unisono.db-wal")) > 0
    assert (found[0].total(), later.total(), closed.total()) == (0, 0, 0), found
    assert found[1].total() > 0


async def test_a_start_erases_what_another_has_left(tmp_path: Path) -> None:
    """It was killed after the commit that took the user away, and after a first step."""
    random, path = Random(1), tmp_path / "unisono.db"  # noqa: S311
    clock = FakeClock(int(time.time() * 1000))
    setup = Setup(path=path, clock=clock, limits=LIMITS)
    async with running(setup) as node:
        ada = SecretUser(random, node.channel, clock, ADA)
        for _ in range(100):
            await ada.one()
    store = SqliteStore(path, ids=RandomIds(), encode=encoding.encode_row)
    await store.open()
    number = await store.detach_feed(FeedKey("mail.test", ada.user_id), None)
    assert number is not None
    assert not await store.erase(number, 3)
    await store.close()
    left = finds(path, ada)

    async with running(setup) as node:
        await SecretUser(random, node.channel, clock, BOB).forget()
        found = finds(path, ada)

    assert left.total() > 0
    assert found.total() == 0, found


def finds(path: Path, user: SecretUser) -> Counter[str]:
    """Return how often words of a user, or ids of what the user had, are in each file of the store."""
    found: Counter[str] = Counter()
    for file in path.parent.iterdir():
        data = in_use(file.name, file.read_bytes())
        found[file.name] = data.count(user.mark.encode()) + sum(data.count(id_.encode()) for id_ in user.told)
    return found
