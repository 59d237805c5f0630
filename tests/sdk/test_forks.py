"""A publisher crosses forks: whatever its parent did with one, a child may send."""

import grpc
import pytest

from tests.sdk.fake_send_service import FakeSendService
from tests.sdk.forking import CHILDREN, few_and_many, statuses
from tests.sdk.programs import run
from tests.support.stub_server import Fault, StubServer
from unisono.v1 import notification_service_pb2 as pb
from unisono.v1.notification_pb2 import Notification


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have programs set for themselves what this process has set for itself."""
    monkeypatch.delenv("GRPC_ENABLE_FORK_SUPPORT", raising=False)


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


@few_and_many
@pytest.mark.parametrize("parent", PARENTS)
async def test_children_of_a_publisher_have_one_too(
    script: StubServer, service: FakeSendService, parent: str, rounds: int
) -> None:
    async def missing(_: object) -> pb.GetNotificationResponse:
        raise Fault(grpc.StatusCode.NOT_FOUND, "NOTIFICATION_NOT_FOUND")

    script.answer("GetNotification", missing)

    ended = await run(CHILDREN + PARENTS[parent] + WORK, script.target, str(rounds))

    assert statuses(ended.stdout) == {"0"}, ended
    assert len(ended.stdout.splitlines()) == 7 * rounds
    assert sorted(service.titles) == [
        "after",
        *["before"] * PARENTS[parent].count("send"),
        *["child"] * 4 * rounds,
    ]
    assert (ended.status, ended.stderr) == (0, "")


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
