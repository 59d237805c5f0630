"""A token function that is not async may block: the event loop goes on, and nothing else waits for it."""

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import LIVE, laptop, live, scripted_streams
from tests.sdk.programs import run
from tests.support.processes import TIMEOUT
from tests.support.stub_server import StubServer
from unisono.client import BlockingPublisher, DeadlineExceeded, Publisher, Timing, UnisonoError, draft
from unisono.v1 import notification_service_pb2 as pb


class Vault:
    """Gives out tokens by number, from 1, each when a test lets it."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.gate = threading.Event()
        self.given = 0
        self.inside = 0
        self.most_inside = 0

    def give(self) -> str:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.begun.release()
        opened = self.gate.wait(TIMEOUT)
        self.inside -= 1
        self.given += 1
        return f"token-{self.given}" if opened else "nobody let it"

    async def asked(self) -> None:
        assert await asyncio.to_thread(self.begun.acquire, timeout=TIMEOUT)


@pytest.fixture
def vault(script: StubServer) -> Vault:
    async def found(_: object) -> pb.GetNotificationResponse:
        return pb.GetNotificationResponse()

    script.answer("GetNotification", found)
    return Vault()


async def test_the_event_loop_goes_on(script: StubServer, vault: Vault, publisher: Publisher) -> None:
    async with Publisher(script.target, vault.give, backoff=QUICK) as other:
        waiting = asyncio.create_task(other.get("ada", "x"))
        await vault.asked()

        await publisher.get("bob", "y")

        assert not waiting.done()
        vault.gate.set()
        await waiting

    assert script.tokens("GetNotification") == ["a token", "token-1"]


async def test_it_goes_on_beside_a_device_too(script: StubServer, vault: Vault, publisher: Publisher) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))

    async with laptop(script.target, vault.give, timing=Timing(backoff=QUICK)) as device:
        await vault.asked()
        await publisher.get("bob", "y")
        vault.gate.set()
        await live(device)

    assert script.tokens("Subscribe") == ["token-1"]


async def test_one_at_a_time_and_what_came_too_late_is_kept(script: StubServer, vault: Vault) -> None:
    async with Publisher(script.target, vault.give, backoff=QUICK) as publisher:
        late = [
            publisher.get("ada", "x", timeout=0.01),
            publisher.batch([draft("ada", title="a")], timeout=0.01),
        ]
        for outcome in await asyncio.gather(*late, return_exceptions=True):
            error = outcome[0] if isinstance(outcome, list) else outcome
            assert isinstance(error, DeadlineExceeded)
        with pytest.raises(DeadlineExceeded):
            await publisher.get("ada", "x", timeout=0.01)

        vault.gate.set()
        await publisher.get("ada", "x")

    assert (vault.given, vault.most_inside) == (1, 1)
    assert script.tokens("GetNotification") == ["token-1"]


async def test_one_of_an_async_function_is_kept_too(script: StubServer, vault: Vault) -> None:
    gate, given = asyncio.Event(), []

    async def slow() -> str:
        given.append("token")
        await gate.wait()
        return "token"

    async with Publisher(script.target, slow, backoff=QUICK) as publisher:
        with pytest.raises(DeadlineExceeded):
            await publisher.get("ada", "x", timeout=0.01)
        gate.set()
        await publisher.get("ada", "x")

    assert given == ["token"]


async def test_many_that_hang_take_no_thread_from_the_loop(script: StubServer, vault: Vault) -> None:
    publishers = [Publisher(script.target, vault.give) for _ in range(40)]
    waiting = [asyncio.create_task(publisher.get("ada", "x")) for publisher in publishers]
    for _ in waiting:
        await vault.asked()

    assert await asyncio.to_thread(lambda: "there is one") == "there is one"

    for publisher in publishers:
        await publisher.close()
    for outcome in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(outcome, UnisonoError)
        assert "closed" in str(outcome)
    vault.gate.set()


async def test_closing_a_blocking_publisher_does_not_wait_for_it(script: StubServer, vault: Vault) -> None:
    publisher = BlockingPublisher(script.target, vault.give)
    waiting = asyncio.create_task(asyncio.to_thread(publisher.get, "ada", "x"))
    await vault.asked()

    await asyncio.to_thread(publisher.close)

    with pytest.raises((RuntimeError, UnisonoError), match="closed"):
        await waiting
    vault.gate.set()


HANGS = """
import sys, threading
from unisono.client import BlockingPublisher, DeadlineExceeded
publisher = BlockingPublisher(sys.argv[1], threading.Event().wait)
try:
    publisher.get("ada", "x", timeout=0.01)
except DeadlineExceeded as error:
    print(error)
"""


async def test_one_that_hangs_does_not_keep_a_program_from_ending(script: StubServer) -> None:
    ended = await run(HANGS, script.target)

    assert (ended.status, ended.stdout, ended.stderr) == (0, "the provider of tokens gave none in time\n", "")


async def where() -> str:
    """Return a token that says which thread awaited this."""
    return threading.current_thread().name


class Where:
    async def __call__(self) -> str:
        return await where()


def on_thread() -> Awaitable[str]:
    assert threading.current_thread() is not threading.main_thread()
    return where()


@pytest.mark.parametrize("source", [where, Where(), functools.partial(where), on_thread, lambda: where()])
async def test_what_is_awaitable_is_awaited_on_the_loop(
    script: StubServer, vault: Vault, source: Callable[[], Awaitable[str]]
) -> None:
    async with Publisher(script.target, source) as publisher:
        await publisher.get("ada", "x")

    assert script.tokens("GetNotification") == [threading.main_thread().name]


async def test_it_sees_the_context_of_who_asks(script: StubServer, vault: Vault) -> None:
    tenant: ContextVar[str] = ContextVar("tenant")
    tenant.set("tenant-7")

    async with Publisher(script.target, tenant.get) as publisher:
        await publisher.get("ada", "x")

    assert script.tokens("GetNotification") == ["tenant-7"]


@pytest.mark.parametrize("error", [StopIteration(), SystemExit(3), KeyboardInterrupt()])
async def test_whatever_it_raises_reaches_who_waits(
    script: StubServer, vault: Vault, error: BaseException
) -> None:
    def odd() -> str:
        raise error

    async with Publisher(script.target, odd) as publisher:
        with pytest.raises(RuntimeError, match=type(error).__name__):
            await publisher.get("ada", "x", timeout=TIMEOUT)
