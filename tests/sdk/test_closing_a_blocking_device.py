"""A blocking device ends whatever waits for it, and leaves nothing behind."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.device_script import LIVE, created, scripted_streams
from tests.sdk.programs import run
from tests.sdk.tills import threads, till, until_held, until_live
from tests.support import tokens
from tests.support.nodes import Running
from tests.support.stub_server import StubServer
from unisono.client import FileStorage, Status, StorageFailed, Superseded


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as pool:
        yield pool


async def test_closing_sets_every_thread_free(script: StubServer, pool: ThreadPoolExecutor) -> None:
    """Whether it waits for an event, a condition, or an answer."""
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    never, loop = asyncio.Event(), asyncio.get_running_loop()

    async def silent(_: object) -> Any:
        await never.wait()

    script.answer("DeleteNotification", silent)
    script.answer("ListNotifications", silent)
    device = till(script.target)
    await loop.run_in_executor(pool, device.open)
    await loop.run_in_executor(pool, until_held, device, 1)
    iterating = loop.run_in_executor(pool, list, device.events())
    waiting: list[Future[Any]] = [
        pool.submit(device.wait_for, lambda _: False),
        pool.submit(device.delete, "id-1"),
        pool.submit(list, device.history()),
    ]
    await script.until("DeleteNotification", "ListNotifications", count=2)

    await loop.run_in_executor(pool, device.close)
    device.close()

    assert await iterating == []
    for one in waiting:
        with pytest.raises(Exception, match="closed"):
            await asyncio.wrap_future(one)
    assert threads() == 0


async def test_a_closed_one_says_so_and_shows_what_it_held(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))

    def work() -> None:
        device = till(script.target)
        with pytest.raises(RuntimeError, match="not open"):
            device.mark_read("id-1")
        with pytest.raises(RuntimeError, match="not open"):
            device.wait_for(lambda _: True)
        with device:
            until_held(device, 1)
            events = device.events()
            with pytest.raises(RuntimeError, match="open already"):
                device.open()
        assert (device.status, device.error, device.revision) == (Status.CLOSED, None, 1)
        assert [row.id for row in device.notifications] == ["id-1"]
        assert list(events) == list(device.events()) == []
        late: list[Callable[[], object]] = [
            lambda: device.mark_read("id-1"),
            device.open,
            lambda: list(device.history()),
        ]
        for call in late:
            with pytest.raises(RuntimeError, match="this device is closed"):
                call()

    await asyncio.to_thread(work)


async def test_what_ended_it_for_good_is_raised(node: Running) -> None:
    def work() -> None:
        with till(node.target, tokens.device()) as first:
            until_live(first)
            events = first.events()
            with till(node.target, tokens.device()) as second:
                until_live(second)
                for use in (lambda: next(events), lambda: first.wait_for(lambda _: False)):
                    with pytest.raises(Superseded):
                        use()
            assert (first.status, type(first.error)) == (Status.CLOSED, Superseded)

    await asyncio.to_thread(work)


def test_one_that_cannot_be_opened_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "till").write_bytes(b"no inbox")

    with pytest.raises(StorageFailed), till("127.0.0.1:1", storage=FileStorage(tmp_path / "till")):
        pass

    assert threads() == 0


UNCLOSED = """
import sys
from unisono.client import BlockingDevice, Platform, Status
device = BlockingDevice(*sys.argv[1:], endpoint_id="till", platform=Platform.LINUX)
device.open()
device.wait_for(lambda device: device.status is Status.LIVE)
print(len(device.notifications))
"""


async def test_a_program_may_end_without_closing_it(node: Running) -> None:
    ended = await run(UNCLOSED, node.target, tokens.device())

    assert (ended.status, ended.stdout, ended.stderr) == (0, "0\n", "")
