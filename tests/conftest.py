"""What all tests share, and in which order they run."""

import asyncio
import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests.support.transports import EVENT_LOOP, fact
from unisono.server.app.event_loop import loop_factory
from unisono.server.store.sqlite import file

if TYPE_CHECKING:
    from tests.support.provider.provider import Provider

#: Tests that take long, above all by waiting for processes. They begin while there is other work to do.
FIRST: Final = ("e2e", "browser", "upgrade", "docs", "guarantees", "verify", "packaging")
HERE: Final = Path(__file__).parent


class _EventLoops(asyncio.DefaultEventLoopPolicy):
    """Makes the loops of all tests; a hook of pytest-asyncio would make what modules share anew for each."""

    _loop_factory = staticmethod(loop_factory(EVENT_LOOP))


if EVENT_LOOP != "asyncio":
    asyncio.set_event_loop_policy(_EventLoops())


#: Of what is tried in turn, another part each day (see `tests.guarantees.thorough`). All workers inherit it.
os.environ.setdefault("TURN", str(int(time.time()) // 86_400))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first; else the order stays. What the transport cannot do is to fail."""
    for item in items:
        why = fact(item.nodeid)
        if why is not None:
            item.add_marker(pytest.mark.xfail(reason=why, strict=True))
    items.sort(key=lambda item: _turn(item.path.relative_to(HERE).parts[0]))


def _turn(folder: str) -> int:
    return FIRST.index(folder) if folder in FIRST else len(FIRST)


#: What is imported and collected is there to the end: there is nothing to find among it.
gc.disable()


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over the tests themselves, and look as seldom as in a server."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


#: Where it keeps what it has found out about the code.
set_hypothesis_home_dir(HERE.parent / ".cache" / "hypothesis")

#: The same examples each time, however long one takes.
settings.register_profile("unhurried", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True, scope="session")
def short_logs() -> Iterator[None]:
    """Tests open thousands of stores: a short log is made in no time, and is written back more often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file, "LOG_PAGES", 100)
        yield


@pytest.fixture
def provider() -> "Iterator[Provider]":
    """An OpenID provider of this test alone, which signs by RS256 (see `tests.support.provider`)."""
    from tests.support.provider.provider import running

    with running() as provider:
        yield provider
