"""The blocking device does what the other does, on any thread, and never hangs."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.device_script import LIVE, created, scripted_streams
from tests.sdk.programs import Program
from tests.sdk.tills import threads, till, until_held, until_live
from tests.support import tokens
from tests.support.nodes import Running
from tests.support.processes import TIMEOUT
from tests.support.stub_server import StubServer
from unisono.client import (
    BlockingDevice,
    BlockingPublisher,
    ChangeType,
    Everything,
    FileStorage,
    Group,
    NotFound,
    Publisher,
    ReadState,
    Status,
    UserActionState,
    draft,
)
from unisono.client.testing import FakeService


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as pool:
        yield pool


async def test_it_does_what_the_other_does(node: Running, backend: Publisher) -> None:
    await backend.batch(draft("ada", title=title, group_name="all") for title in "abcd")

    def work() -> None:
        with till(node.target, tokens.device(), display_name="Till") as device:
            until_live(device)
            assert [row.title for row in device.notifications] == list("dcba")
            assert device.shown == device.notifications
            assert (device.endpoint_id, device.revision, device.error) == ("till", 4, None)
            assert (device.unread_count, device.badge, device.pending_marks) == (4, 4, 0)
            events, (d, c, b, _) = device.events(timeout=TIMEOUT), device.notifications
            for done in (
                device.mark_read(d),
                device.dismiss(c),
                device.snooze(b, timedelta(hours=1)),
                device.mark(Group("all"), read_state=ReadState.READ),
            ):
                assert done is not None
            device.wait_for(lambda device: device.unread_count == 0, timedelta(seconds=TIMEOUT))
            assert next(events).change_type is ChangeType.STATE_CHANGED
            assert device.delete(d).already_removed is False
            states = {row.title: row.user_action_state for row in device.history()}
            assert states == {
                "c": UserActionState.DISMISSED,
                "b": UserActionState.SNOOZED,
                "a": UserActionState.NO_INTERACTION,
            }
            assert device.delete_many(Everything()).removed == 3
            until_held(device, 0)
            with pytest.raises(NotFound):
                device.mark_read(d)
            with pytest.raises(TypeError, match="colour"):
                device.mark(d, colour="red")  # type: ignore[call-arg]
            assert not device.feed_deleted

    await asyncio.to_thread(work)

    assert [endpoint.display_name for endpoint in await backend.list_endpoints("ada")] == ["Till"]
    assert threads() == 0


async def test_events_come_in_order_to_each_iterator(script: StubServer, pool: ThreadPoolExecutor) -> None:
    listening = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def stream(_: object) -> Any:
        for message in LIVE:
            yield message
        await listening.wait()
        for number in range(1, 51):
            yield created(number)
        await asyncio.Event().wait()

    script.stream("Subscribe", stream)

    def work() -> list[list[int]]:
        with till(script.target) as device:
            iterators = [device.events(timeout=TIMEOUT) for _ in range(3)]
            loop.call_soon_threadsafe(listening.set)

            def read(number: int) -> list[int]:
                return [next(iterators[number]).revision for _ in range(50)]

            return list(pool.map(read, range(3)))

    assert await asyncio.to_thread(work) == [list(range(1, 51))] * 3


async def test_a_step_that_timed_out_loses_none(script: StubServer) -> None:
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def stream(_: object) -> Any:
        for message in LIVE:
            yield message
        await gate.wait()
        yield created(1)
        await asyncio.Event().wait()

    script.stream("Subscribe", stream)

    def work() -> int:
        with till(script.target) as device:
            until_live(device)
            short, events = device.events(timeout=0.01), device.events()
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    next(short)
            with pytest.raises(TimeoutError):
                device.wait_for(lambda device: device.revision == 1, timeout=0.01)
            loop.call_soon_threadsafe(gate.set)
            assert next(events).revision == 1
            return next(short).revision

    assert await asyncio.to_thread(work) == 1


async def test_a_condition_that_would_wait_for_itself_says_so(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))

    def work() -> None:
        with till(script.target) as device:
            until_held(device, 1)

            def close(device: BlockingDevice) -> bool:
                device.close()
                return True

            for blocking in (close, lambda device: device.mark_read("id-1") is None):
                with pytest.raises(RuntimeError, match="on its own thread would wait for itself"):
                    device.wait_for(blocking)
            assert device.status is Status.LIVE

    await asyncio.to_thread(work)


def test_it_serves_the_service_in_memory() -> None:
    service = FakeService()
    with till(service.transport, service.user_token("ada")) as device:
        until_live(device)
        assert device.notifications == ()


async def test_it_outlives_the_process(script: StubServer, tmp_path: Path) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)], [*LIVE]))

    def work() -> None:
        with till(script.target, storage=FileStorage(tmp_path / "till")) as device:
            until_held(device, 1)
        with till("127.0.0.1:1", storage=FileStorage(tmp_path / "till")) as device:
            assert [row.id for row in device.notifications] == ["id-1"]
            assert device.mark_read("id-1") is None
            assert device.pending_marks == 1

    await asyncio.to_thread(work)


INTERRUPTED = """
import sys
from unisono.client import BlockingDevice, Platform, Status
with BlockingDevice(*sys.argv[1:], endpoint_id="till", platform=Platform.LINUX) as device:
    events = device.events()
    device.wait_for(lambda device: device.status is Status.LIVE)
    for _ in range(2):
        try:
            print("waits", flush=True)
            print(next(events).notification.title, flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
"""


async def test_a_person_may_interrupt_it(node: Running, backend: Publisher) -> None:
    program = await Program.start(INTERRUPTED, node.target, tokens.device())
    assert await program.line() == "waits"

    program.signal(signal.SIGINT)

    assert [await program.line(), await program.line()] == ["interrupted", "waits"]
    await backend.send("ada", title="Hello")
    assert await program.line() == "Hello"
    assert (await program.ended()).status == 0


def test_an_interrupt_loses_no_event_whenever_it_comes(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, waiting = FakeService(), threading.Event()
    submit = asyncio.run_coroutine_threadsafe

    def submit_and_interrupt(*step: Any) -> None:
        submit(*step)
        raise KeyboardInterrupt

    def submit_and_tell(*step: Any) -> Any:
        future = submit(*step)
        waiting.set()
        return future

    with (
        BlockingPublisher(service.transport, service.app_token()) as backend,
        till(service.transport, service.user_token("ada")) as device,
    ):
        until_live(device)
        events = device.events()
        monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", submit_and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            next(events)
        monkeypatch.setattr(asyncio, "run_coroutine_threadsafe", submit_and_tell)
        told = pool.submit(next, events)
        assert waiting.wait(TIMEOUT)

        backend.send("ada", title="Hello")

        assert told.result(TIMEOUT).notification.title == "Hello"


def test_it_signs_out() -> None:
    service = FakeService()
    device = till(service.transport, service.user_token("ada"))
    with device:
        until_live(device)
        device.sign_out()
        assert (device.status, device.notifications) == (Status.CLOSED, ())
    with till(service.transport, service.user_token("bob")) as device:
        until_live(device)
