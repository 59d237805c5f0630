"""A publisher crosses forks. What gRPC holds at one, a child does not use, does not destroy, and says so."""

import pytest

from tests.sdk.device_script import LIVE, scripted_streams
from tests.sdk.fake_send_service import FakeSendService
from tests.sdk.programs import run
from tests.support.stub_server import StubServer
from unisono.v1 import notification_service_pb2 as pb
from unisono.v1.notification_pb2 import Notification

#: Forks for each child, one after the other. Whatever hangs is ended by SIGALRM.
CHILDREN = """
import asyncio, gc, os, signal, sys, threading
from unisono.client import BlockingPublisher, Device, Platform, Publisher, Status, UnisonoError

target, rounds = sys.argv[1], int(sys.argv[2])

def in_child(work):
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        work()
        sys.exit()
    print(work.__name__, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

#: Whatever its parent did, a child can do each of these.
WORK = """
def send():
    publisher.send("ada", title="child")

def send_and_close():
    publisher.send("ada", title="child")
    publisher.close()
    gc.collect()

def collect():
    global publisher, kept
    publisher = kept = None
    gc.collect()

def leave():
    os._exit(0)

def send_and_fork():
    publisher.send("ada", title="child")
    in_child(send)

def find_the_closed_one_closed():
    if isinstance(kept, BlockingPublisher):
        try:
            kept.send("ada", title="closed")
        except RuntimeError as error:
            assert str(error) == "this publisher is closed"
        else:
            sys.exit(1)

for _ in range(rounds):
    for work in (send, send_and_close, collect, leave, send_and_fork, find_the_closed_one_closed):
        in_child(work)
publisher.send("ada", title="after")
publisher.close()
"""

MADE = """
publisher, kept = BlockingPublisher(target, "a token"), None
"""
USED = """
publisher, kept = BlockingPublisher(target, "a token"), None
publisher.send("ada", title="before")
"""
FAILED = """
publisher, kept = BlockingPublisher(target, "a token"), None
try:
    publisher.get("ada", "x")
except UnisonoError as error:
    kept = error
"""
CLOSED = """
publisher = kept = BlockingPublisher(target, "a token")
publisher.send("ada", title="before")
publisher.close()
publisher = BlockingPublisher(target, "a token")
"""
FAILED_AND_CLOSED = """
publisher = BlockingPublisher(target, "a token")
try:
    publisher.get("ada", "x")
except UnisonoError as error:
    kept = publisher, error
publisher.close()
publisher = BlockingPublisher(target, "a token")
"""
PARENTS = {"made": MADE, "used": USED, "failed": FAILED, "closed": CLOSED, "failed-closed": FAILED_AND_CLOSED}


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have programs set for themselves what this process has set for itself."""
    monkeypatch.delenv("GRPC_ENABLE_FORK_SUPPORT")


few_and_many = pytest.mark.parametrize("rounds", [1, pytest.param(25, marks=pytest.mark.thorough)])


@few_and_many
@pytest.mark.parametrize("parent", PARENTS)
async def test_children_of_a_publisher_have_one_too(
    script: StubServer, service: FakeSendService, parent: str, rounds: int
) -> None:
    ended = await run(CHILDREN + PARENTS[parent] + WORK, script.target, str(rounds))

    outcomes = [line.split() for line in ended.stdout.splitlines()]
    assert {status for _, status in outcomes} == {"0"}, ended
    assert len(outcomes) == 7 * rounds
    assert sorted(service.titles) == [
        "after",
        *["before"] * PARENTS[parent].count("send"),
        *["child"] * 4 * rounds,
    ]
    assert (ended.status, ended.stderr) == (0, "")


IN_USE = """
live = threading.Event()

async def be_a_device():
    async with Device(target, "a token", endpoint_id="phone", platform=Platform.LINUX) as device:
        await device.wait_for(lambda device: device.status is Status.LIVE)
        live.set()
        await device.wait_for(lambda device: device.status is not Status.LIVE)
        live.clear()

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
print("live", int(not live.is_set()))
"""


@few_and_many
async def test_children_of_what_is_in_use_say_so(
    script: StubServer, service: FakeSendService, rounds: int
) -> None:
    """Such as a stream: and neither its use, nor its end as garbage, harms parent or child."""
    script.stream("Subscribe", scripted_streams(LIVE))

    ended = await run(CHILDREN + IN_USE, script.target, str(rounds))

    outcomes = [line.split() for line in ended.stdout.splitlines()]
    assert {status for _, status in outcomes} == {"0"}, ended
    assert len(outcomes) == 8 * rounds + 1
    assert service.titles == ["before", "after"]
    assert len(script.requests("Subscribe")) == 1
    assert (ended.status, ended.stderr) == (0, "")


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


POOL = """
import multiprocessing, sys
from unisono.client import BlockingPublisher

publisher = BlockingPublisher(sys.argv[1], "a token")

def send(number):
    return publisher.send("ada", title=f"job {number}").revision

publisher.send("ada", title="before")
with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=3) as pool:
    assert len(pool.map(send, range(12), chunksize=1)) == 12
    pool.close()
    pool.join()
publisher.send("ada", title="after")
"""


async def test_a_pool_of_processes_shares_one(script: StubServer, service: FakeSendService) -> None:
    ended = await run(POOL, script.target)

    assert (ended.status, ended.stderr) == (0, "")
    assert sorted(service.titles) == ["after", "before", *sorted(f"job {number}" for number in range(12))]


HALF_READ = (
    CHILDREN
    + """
publisher = BlockingPublisher(target, "a token")
rows = publisher.list("ada")
next(rows)

def go_on():
    try:
        next(rows)
    except RuntimeError as error:
        assert "before a fork" in str(error), error
    else:
        sys.exit(1)

in_child(go_on)
"""
)


async def test_a_list_half_read_is_the_parents(script: StubServer) -> None:
    async def page(_: object) -> pb.ListNotificationsResponse:
        row = Notification(id="x", payload={"visual_content": {"title": "first"}})  # type: ignore[arg-type]
        return pb.ListNotificationsResponse(notifications=[row], next_page_token="more")

    script.answer("ListNotifications", page)

    ended = await run(HALF_READ, script.target, "1")

    assert (ended.stdout, ended.status) == ("go_on 0\n", 0), ended.stderr


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

    assert {line.split()[1] for line in ended.stdout.splitlines()} == {"0"}, ended
    assert (ended.status, ended.stderr) == (0, "")
