"""A device is closed in any state, at once, ends whoever waits for it, and leaves nothing behind."""

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import pytest

from tests.sdk.device_script import (
    LIVE,
    RecordedEvents,
    created,
    ended,
    laptop,
    live,
    scripted_streams,
    until,
    welcome,
)
from tests.sdk.storage_spy import StorageSpy
from tests.support.processes import TIMEOUT
from tests.support.proxies import proxied
from tests.support.stub_server import Fault, StubServer
from unisono.client import Device, FileStorage, Status, Superseded, Timing, create_transport

NOWHERE = "127.0.0.1:1"
Code = grpc.StatusCode
PROC = Path("/proc")
#: Of the states of a connection in Linux's tables.
ESTABLISHED = "01"
#: No closing takes longer, in seconds: the last word of a device has one, and any other call twenty.
AT_ONCE = 10.0
SUPERSEDED = Fault(Code.ABORTED, "SUPERSEDED")


async def closed(device: Device) -> None:
    async with asyncio.timeout(AT_ONCE):
        await device.close()
    assert device.status is Status.CLOSED


async def never_opened(device: Device, script: StubServer) -> None:
    return


async def just_opened(device: Device, script: StubServer) -> None:
    await device.open()


async def without_a_word(device: Device, script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([]))
    await device.open()
    await script.until("Subscribe")


async def catching_up(device: Device, script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([welcome()]))
    await device.open()
    await until(device, lambda device: device.status is Status.CATCHING_UP)


async def is_live(device: Device, script: StubServer) -> None:
    await device.open()
    await live(device)


async def waiting_to_come_back(device: Device, script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([Fault(Code.UNAVAILABLE, "OVERLOADED", retry_delay=1000.0)]))
    await device.open()
    await until(device, lambda device: device.error)


async def ended_for_good(device: Device, script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([SUPERSEDED]))
    await device.open()
    assert isinstance(await ended(device), Superseded)


State = Callable[[Device, StubServer], Awaitable[None]]
STATES = [
    never_opened,
    just_opened,
    without_a_word,
    catching_up,
    is_live,
    waiting_to_come_back,
    ended_for_good,
]


async def gone(left: Callable[[], object]) -> None:
    """Wait until nothing is left; threads and sockets end a moment after they were told to."""
    until = time.monotonic() + TIMEOUT
    while time.monotonic() < until and left():  # noqa: ASYNC110  they tell nobody
        await asyncio.sleep(0.005)
    assert not left()


@pytest.mark.parametrize("state", STATES)
async def test_it_leaves_nothing_behind_in_any_state(
    script: StubServer, tmp_path: Path, state: State
) -> None:
    """No task, no thread, no file; and nobody waits for it any more. The transport is the caller's."""
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    transport = create_transport(script.target)
    device = laptop(transport, storage=FileStorage(tmp_path / "inbox"))
    events = device.events()
    await state(device, script)
    listening = asyncio.create_task(anext(events, None))
    waiting = asyncio.create_task(device.wait_for(lambda device: device.revision == 99))
    await asyncio.sleep(0)

    await closed(device)
    await closed(device)

    outcomes = await asyncio.gather(listening, waiting, return_exceptions=True)
    assert isinstance(outcomes[1], Superseded if state is ended_for_good else RuntimeError)
    await gone(lambda: [one for one in threading.enumerate() if one.name.startswith("unisono-storage")])
    await gone(lambda: [one for one in asyncio.all_tasks() if "unisono/client/_device" in str(one)])
    await gone(lambda: [one for one in open_files() if str(tmp_path) in one])
    await transport.close()


@pytest.mark.skipif(not PROC.exists(), reason="the connections of a process are read from /proc")
@pytest.mark.parametrize("state", [without_a_word, is_live, ended_for_good])
async def test_it_gives_back_its_connection(script: StubServer, state: State) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))
    device = laptop(script.target)
    await state(device, script)
    assert connections(script.target)

    await closed(device)

    await gone(lambda: connections(script.target))


def open_files() -> list[str]:
    """As far as the system tells."""
    return [os.path.realpath(one) for one in (PROC / "self/fd").iterdir()] if PROC.exists() else []


def connections(target: str) -> list[str]:
    """Those to a port of this machine, from this side."""
    port = f":{int(target.rsplit(':', 1)[1]):04X}"
    rows = [row.split() for name in ("tcp", "tcp6") for row in (PROC / "net" / name).read_text().splitlines()]
    return [row[1] for row in rows if row[2].endswith(port) and row[3] == ESTABLISHED]


async def test_while_it_opens(script: StubServer) -> None:
    """It does not come to life after that, on a transport that others go on using."""
    script.stream("Subscribe", scripted_streams(LIVE))
    transport = create_transport(script.target)
    storage = StorageSpy()
    storage.gate.clear()
    device = laptop(transport, storage=storage)
    opening = asyncio.create_task(device.open())
    await storage.waiting.wait()

    closing = asyncio.create_task(device.close())
    await asyncio.wait([closing], timeout=0.02)
    storage.gate.set()
    await asyncio.gather(opening, closing, return_exceptions=True)

    assert isinstance(opening.exception(), RuntimeError)
    assert (device.status, script.calls, storage.closed) == (Status.CLOSED, [], 1)
    await transport.close()


async def test_a_cancelled_opening_closes(script: StubServer) -> None:
    storage = StorageSpy()
    storage.gate.clear()
    device = laptop(script.target, storage=storage)
    opening = asyncio.create_task(device.open())
    await storage.waiting.wait()

    opening.cancel()
    storage.gate.set()
    await asyncio.wait([opening])

    assert opening.cancelled()
    assert (device.status, storage.closed) == (Status.CLOSED, 1)


async def test_it_cannot_be_opened_again(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))
    async with laptop(script.target) as device:
        await live(device)

    with pytest.raises(RuntimeError, match="closed"):
        await device.open()
    assert device.status is Status.CLOSED


async def test_from_within_the_loop_over_its_events(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1), created(2)]))
    device = laptop(script.target)
    events = device.events()
    titles = []
    async with asyncio.timeout(AT_ONCE), device:
        async for event in events:
            titles.append(event.notification.title)
            await device.close()

    assert titles[0] == "title 1"


async def test_by_several_at_once(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))
    device = laptop(script.target)
    await device.open()
    await live(device)

    await asyncio.gather(*(closed(device) for _ in range(3)))


async def test_while_the_server_is_silent(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    async with proxied(script.target) as proxy:
        device = laptop(proxy.target, timing=Timing(acknowledge_interval=1000.0))
        await device.open()
        await until(device, lambda device: device.revision == 1)
        proxy.silence()

        await closed(device)


async def test_each_iterator_sees_all_and_ends(script: StubServer) -> None:
    said = [created(revision) for revision in range(1, 30)]
    script.stream("Subscribe", scripted_streams([*LIVE, *said]))
    device = laptop(script.target)
    listening = [RecordedEvents(device) for _ in range(3)]
    async with device:
        await until(device, lambda device: device.revision == 29)
        late = device.events()
    for recorded in listening:
        await recorded.end()
        assert [event.revision for event in recorded.events] == list(range(1, 30))
        assert recorded.rings == [f"title {revision}" for revision in range(1, 30)]
    assert [event async for event in late] == []
    assert [event async for event in device.events()] == []


async def test_what_ends_it_is_raised_to_all_who_wait_and_to_those_who_come_late(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1), SUPERSEDED]))
    async with laptop(script.target) as device:
        recorded = RecordedEvents(device)
        error = await ended(device)
        with pytest.raises(Superseded):
            await recorded.end()
        for waiting in (anext(device.events()), device.wait_for(lambda _: False)):
            with pytest.raises(Superseded) as raised:
                await waiting
            assert raised.value is error
        assert [event.revision for event in recorded.events] == [1]
        assert [row.id for row in device.notifications] == ["id-1"]


async def test_a_condition_that_holds_needs_no_device(script: StubServer) -> None:
    async with laptop(NOWHERE) as device:
        pass

    await device.wait_for(lambda device: device.status is Status.CLOSED)


async def test_an_error_in_a_condition_is_its_callers(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))

    def wrong(_: Device) -> bool:
        raise ZeroDivisionError

    async with laptop(script.target) as device:
        with pytest.raises(ZeroDivisionError):
            await device.wait_for(wrong)
        await live(device)
