"""What gRPC holds at a fork, a child does not use and does not destroy: it says so, and goes on."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from tests.sdk.device_script import LIVE, Message, created, scripted_streams
from tests.sdk.fake_send_service import FakeSendService
from tests.sdk.forking import CHILDREN, few_and_many, statuses
from tests.sdk.programs import Program, run
from tests.support.stub_server import StubServer


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have programs set for themselves what this process has set for itself."""
    monkeypatch.delenv("GRPC_ENABLE_FORK_SUPPORT", raising=False)


IN_USE = """
live, received = threading.Event(), threading.Event()

async def be_a_device():
    async with Device(target, "a token", endpoint_id="phone", platform=Platform.LINUX) as device:
        await device.wait_for(lambda device: device.status is Status.LIVE)
        live.set()
        await device.wait_for(lambda device: device.notifications)
        received.set()

threading.Thread(target=lambda: asyncio.run(be_a_device()), daemon=True).start()
live.wait()
publisher = BlockingPublisher(target, lambda: "a token")
publisher.send("ada", title="before")

def refused(call):
    try:
        call()
    except RuntimeError as error:
        assert "forked while gRPC was in use" in str(error), error
    else:
        sys.exit(1)

def send():
    refused(lambda: publisher.send("ada", title="child"))
    publisher.close()

def send_with_another():
    refused(lambda: BlockingPublisher(target, "a token").send("ada", title="child"))

def send_with_asyncio():
    async def sending():
        async with Publisher(target, "a token") as publisher:
            await publisher.send("ada", title="child")
    refused(lambda: asyncio.run(sending()))

def be_another_device():
    live.clear()
    refused(lambda: asyncio.run(be_a_device()))

def collect():
    global publisher
    del publisher
    gc.collect()

def leave():
    pass

def fork():
    in_child(send)

for _ in range(rounds):
    for work in (send, send_with_another, send_with_asyncio, be_another_device, collect, leave, fork):
        in_child(work)
publisher.send("ada", title="after")
received.wait()
"""


@few_and_many
async def test_children_of_what_is_in_use_say_so(
    script: StubServer, service: FakeSendService, rounds: int
) -> None:
    """Such as a stream: and neither its use, nor its end as garbage, harms parent or child."""

    async def stream(_: object) -> AsyncIterator[Message]:
        for message in LIVE:
            yield message
        await service.called(count=2)
        yield created(1)
        await asyncio.Event().wait()

    script.stream("Subscribe", stream)

    ended = await run(CHILDREN + IN_USE, script.target, str(rounds))

    assert statuses(ended.stdout) == {"0"}, ended
    assert len(ended.stdout.splitlines()) == 8 * rounds
    assert service.titles == ["before", "after"]
    assert len(script.requests("Subscribe")) == 1
    assert (ended.status, ended.stderr) == (0, "")


LEFT_OPEN = (
    CHILDREN
    + """
async def leave_one_open():
    publisher = Publisher(target, "a token")
    await publisher.send("ada", title="before")
    return publisher

publisher = asyncio.run(leave_one_open())

def collect():
    global publisher
    del publisher
    gc.collect()

def leave():
    pass

for _ in range(rounds):
    in_child(collect)
    in_child(leave)
"""
)


@few_and_many
async def test_the_last_channel_is_not_for_a_child_to_end(
    script: StubServer, service: FakeSendService, rounds: int
) -> None:
    """gRPC would wait for its threads, which are not there."""
    ended = await run(LEFT_OPEN, script.target, str(rounds))

    assert statuses(ended.stdout) == {"0"}, ended
    assert (ended.status, ended.stderr) == (0, "")


UNDER_WAY = (
    CHILDREN
    + """
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
publisher = BlockingPublisher(target, "a token")
threading.Thread(target=publisher.send, args=["ada"], kwargs={"title": "under way"}).start()
signal.sigwait({signal.SIGUSR1})

def send():
    try:
        publisher.send("ada", title="child")
    except RuntimeError as error:
        assert "forked while gRPC was in use" in str(error), error
    else:
        sys.exit(1)

in_child(send)
"""
)


async def test_a_call_under_way_goes_on(script: StubServer, service: FakeSendService) -> None:
    service.gate.clear()
    program = await Program.start(UNDER_WAY, script.target, "1")
    await service.called()

    program.signal(signal.SIGUSR1)

    assert await program.line() == "send 0"
    service.gate.set()
    assert (await program.ended()).status == 0
    assert service.calls == [["under way"]]


TOO_LATE = (
    """
import grpc
"""
    + CHILDREN
    + """
async def be_a_device():
    async with Device(target, "a token", endpoint_id="phone", platform=Platform.LINUX) as device:
        await device.wait_for(lambda device: device.status is Status.LIVE)
        for _ in range(rounds):
            in_child(lambda: os._exit(0))

asyncio.run(be_a_device())
"""
)


async def test_where_grpc_was_loaded_first_a_warning_says_what_may_come(script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))

    ended = await run(TOO_LATE, script.target, "2")

    assert ended.stderr.count("set GRPC_ENABLE_FORK_SUPPORT=0 in the environment") == 1


DEVICE = (
    CHILDREN
    + """
from unisono.client import BlockingDevice

def device():
    return BlockingDevice(target, "a token", endpoint_id="till", platform=Platform.LINUX)

made, opened, closed = device(), device(), device()
closed.open()
closed.close()

def use_one_that_was_made():
    with made:
        made.wait_for(lambda device: device.status is Status.LIVE)

def look_at_one_that_was_opened():
    for look in (lambda: opened.notifications, opened.events, lambda: opened.mark_read("x"), opened.open):
        try:
            look()
        except RuntimeError as error:
            assert "opened before a fork" in str(error), error
        else:
            sys.exit(1)
    opened.close()

for _ in range(rounds):
    in_child(use_one_that_was_made)
opened.open()
opened.wait_for(lambda device: device.status is Status.LIVE)
for _ in range(rounds):
    in_child(look_at_one_that_was_opened)
print("live", int(opened.status is not Status.LIVE))
"""
)


@few_and_many
async def test_a_blocking_device_crosses_a_fork_until_it_is_opened(script: StubServer, rounds: int) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))

    ended = await run(DEVICE, script.target, str(rounds))

    assert statuses(ended.stdout) == {"0"}, ended
    assert (ended.status, ended.stderr) == (0, "")
