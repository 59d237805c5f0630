"""A device comes back by itself: after silence, after a restart, and when its position is refused."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from tests.sdk.backoffs import HASTY, QUICK
from tests.sdk.device_script import (
    LIVE,
    Message,
    RecordedEvents,
    at,
    created,
    heartbeat,
    laptop,
    live,
    scripted_streams,
    until,
    welcome,
)
from tests.support import tokens
from tests.support.nodes import Setup
from tests.support.processes import TIMEOUT
from tests.support.proxies import proxied
from tests.support.stub_server import Fault, StubServer
from unisono.client import Publisher, StartPosition, Status, Timing, Unavailable
from unisono.v1 import feed_service_pb2 as pb

Code = grpc.StatusCode
REFUSED = Fault(Code.INVALID_ARGUMENT, "RESUME_TOKEN_INVALID")


async def test_a_hello_that_never_comes(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([], LIVE))

    async with laptop(script.target, timing=Timing(open_timeout=0.5, backoff=QUICK)) as device:
        await until(device, lambda device: device.error)
        assert isinstance(device.error, Unavailable)
        assert "silent" in str(device.error)
        await live(device)


async def test_a_server_that_accepts_and_says_nothing(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))
    async with proxied(script.target) as proxy:
        proxy.silence()
        async with laptop(proxy.target, timing=Timing(open_timeout=0.5, backoff=QUICK)) as device:
            await until(device, lambda device: device.error)
            assert device.status is Status.OFFLINE
            proxy.speak()
            proxy.cut()
            await live(device)


async def test_heartbeats_that_do_not_come(script: StubServer) -> None:
    """After twice the interval that the server promised, from the last message on."""
    script.stream(
        "Subscribe",
        scripted_streams([welcome(heartbeat=0.5), created(1), heartbeat(2)], [welcome(resumed=True), at(2)]),
    )

    async with laptop(script.target, timing=Timing(backoff=QUICK)) as device:
        await until(device, lambda device: device.status is Status.OFFLINE and device.error)
        assert isinstance(device.error, Unavailable)
        assert "for 1 s" in str(device.error)
        await live(device)

    assert [request.resume_token for request in script.requests("Subscribe")] == [b"", b"token-2"]


async def test_a_connection_that_falls_silent(script: StubServer) -> None:
    """Nothing breaks, nothing comes: as when a laptop moves to another network."""
    beating = asyncio.Event()

    async def beat(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        yield welcome(heartbeat=0.1)
        while True:
            yield heartbeat(1)
            beating.set()
            await asyncio.sleep(0.02)

    script.stream("Subscribe", beat)
    async with (
        proxied(script.target) as proxy,
        laptop(proxy.target, timing=Timing(backoff=QUICK)) as device,
    ):
        await live(device)
        proxy.silence()
        await until(device, lambda device: device.status is Status.OFFLINE)
        proxy.speak()
        proxy.cut()
        await live(device)


async def test_heartbeats_keep_a_quiet_stream_open(script: StubServer) -> None:
    """For longer than it would wait without."""
    beats = 6

    async def beat(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        yield welcome(heartbeat=1.0)
        for number in range(beats):
            yield heartbeat(number + 1)
            await asyncio.sleep(0.5)
        await asyncio.Event().wait()

    script.stream("Subscribe", beat)
    async with laptop(script.target, timing=Timing(backoff=QUICK)) as device:
        await until(device, lambda device: device.revision == beats)

    assert len(script.requests("Subscribe")) == 1


async def test_a_server_that_is_restarted_at_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unisono.server.app.node.DRAIN_RETRY", 0.1)
    setup = Setup(path=tmp_path / "unisono.db")
    node = setup.node()
    address = f"127.0.0.1:{await node.start('127.0.0.1:0')}"
    try:
        async with (
            Publisher(address, tokens.publisher()) as backend,
            laptop(address, tokens.device("ada"), timing=Timing(backoff=QUICK)) as device,
        ):
            events = device.events()
            await live(device)
            await backend.send("ada", title="before")
            await until(device, lambda device: device.unread_count == 1)
            # When it is stopped, and another one starts there
            await asyncio.gather(node.stop(5), until(device, lambda device: device.status is Status.OFFLINE))
            node = setup.node()
            await node.start(address)
            await backend.send("ada", title="after")
            # Then the device goes on where it was
            async with asyncio.timeout(TIMEOUT):
                recorded = [await anext(events) for _ in range(2)]
    finally:
        await node.stop(0)
    assert [(event.notification.title, event.ring) for event in recorded] == [
        ("before", True),
        ("after", True),
    ]


async def test_a_server_that_is_not_there_yet(script: StubServer) -> None:
    """A device may be opened offline."""
    async with proxied(script.target) as proxy:
        proxy.block()
        async with laptop(proxy.target, timing=Timing(backoff=QUICK)) as device:
            await until(device, lambda device: device.error)
            assert (device.status, device.notifications, device.revision) == (Status.OFFLINE, (), 0)
            script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
            proxy.unblock()
            await until(device, lambda device: device.revision == 1)
            assert device.error is None


@pytest.mark.parametrize("start", [StartPosition.BEGINNING, StartPosition.END])
async def test_a_position_that_is_refused(script: StubServer, start: StartPosition) -> None:
    """It starts over: with all that there is, without a ring for what it knew, and shows it meanwhile."""
    gate = asyncio.Event()

    async def anew(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        await gate.wait()
        for message in (welcome(), created(2, alert=False), created(3, alert=False), created(4)):
            yield message
        await asyncio.Event().wait()

    before = scripted_streams([*LIVE, created(1), created(2), Fault(Code.UNAVAILABLE)], [REFUSED])
    script.stream("Subscribe", lambda request: (anew if len(script.calls) == 3 else before)(request))
    device = laptop(script.target, timing=HASTY, start=start)
    recorded = RecordedEvents(device)
    async with device:
        await script.until("Subscribe", count=3)
        assert [row.id for row in device.notifications] == ["id-2", "id-1"]
        gate.set()
        await until(device, lambda device: device.revision == 4)
        assert {row.id for row in device.notifications} == {"id-2", "id-3", "id-4"}
    await recorded.end()

    assert recorded.rings == ["title 1", "title 2", "title 4"]
    requests = script.requests("Subscribe")
    assert [request.resume_token for request in requests] == [b"", b"token-2", b""]
    assert requests[2].start_position == pb.START_POSITION_BEGINNING


async def test_one_that_knew_nothing_begins_where_it_wanted(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams([welcome(), Fault(Code.UNAVAILABLE)], [REFUSED], LIVE))

    async with laptop(script.target, timing=HASTY, start=StartPosition.END) as device:
        await live(device)

    wanted = [request.start_position for request in script.requests("Subscribe")]
    assert wanted == [pb.START_POSITION_END, 0, pb.START_POSITION_END]
