"""The blocking publisher does what the other does, from any number of threads, and never hangs."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.fake_send_service import FakeSendService, title_of
from tests.sdk.programs import Program, run
from tests.support import tokens
from tests.support.nodes import Running
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    BlockingPublisher,
    Draft,
    Everything,
    Feed,
    InvalidRequest,
    Key,
    KeyConflict,
    NotFound,
    Publisher,
    ReadState,
    SendResult,
    UnisonoError,
    draft,
)
from unisono.v1.notification_service_pb2 import GetNotificationResponse

THREADS = "unisono-publisher"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as pool:
        yield pool


def threads() -> int:
    return sum(thread.name == THREADS for thread in threading.enumerate())


async def test_it_does_what_the_other_does(node: Running, backend: Publisher) -> None:
    def work() -> None:
        with BlockingPublisher(node.target, tokens.publisher()) as publisher:
            sent = publisher.send("ada", title="a", app_notification_id="a")
            outcomes = publisher.batch([draft("ada", title="b"), draft("ada", title="")])
            assert [type(outcome) for outcome in outcomes] == [SendResult, InvalidRequest]
            assert publisher.get("ada", Key("a")).title == "a"
            assert [row.title for row in publisher.list("ada", page_size=1)] == ["b", "a"]
            token = publisher.page("ada", page_size=1).next_page_token
            assert [row.title for row in publisher.page("ada", token).notifications] == ["a"]
            changes = publisher.changes("ada", page_size=1)
            assert [row.revision for row in changes] == [1, 2]
            assert publisher.update("ada", sent, title="A").title == "A"
            assert ([row.revision for row in changes], changes.last_revision) == ([3], 3)
            assert publisher.mark("ada", Everything(), read_state=ReadState.READ).changed == 2
            assert publisher.delete("ada", sent).already_removed is False
            assert publisher.delete_many("ada", Everything(), read_state=ReadState.READ).removed == 1
            assert publisher.get_feed("ada") == Feed(last_revision=7, unread_count=0)
            assert publisher.list_endpoints("ada") == ()
            with pytest.raises(NotFound):
                publisher.delete_endpoint("ada", "phone")
            with pytest.raises(NotFound):
                publisher.get("ada", sent)
            publisher.send("bob", title="1", app_notification_id="k")
            with pytest.raises(KeyConflict):
                publisher.send("bob", title="2", app_notification_id="k")

    await asyncio.to_thread(work)

    assert (await backend.get_feed("ada")).last_revision == 7
    assert threads() == 0


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Counts the sends that have begun on a publisher's own thread."""
    begun, send = threading.Semaphore(0), Publisher.send

    async def counted(*args: Any, **content: Any) -> SendResult:
        begun.release()
        return await send(*args, **content)

    monkeypatch.setattr(Publisher, "send", counted)
    return begun


async def test_threads_send_together(
    script: StubServer, service: FakeSendService, pool: ThreadPoolExecutor, begun: threading.Semaphore
) -> None:
    loop, titles = asyncio.get_running_loop(), [str(number) for number in range(10)]
    publisher = await loop.run_in_executor(pool, BlockingPublisher, script.target, "a token")

    def send(title: str) -> SendResult:
        return publisher.send("ada", title=title)

    service.gate.clear()
    first = loop.run_in_executor(pool, send, "first")
    await service.called()
    others = [loop.run_in_executor(pool, send, title) for title in titles]
    for _ in range(11):
        await loop.run_in_executor(pool, begun.acquire)
    service.gate.set()
    results = await asyncio.gather(first, *others)
    await loop.run_in_executor(pool, publisher.close)

    assert [len(call) for call in service.calls] == [1, 10]
    assert [title_of(service.stored[result.app_notification_id]) for result in results] == ["first", *titles]


async def test_closing_sets_every_thread_free(script: StubServer, pool: ThreadPoolExecutor) -> None:
    """Whether it waits for an answer, for its turn, or to repeat a call."""
    never, loop = asyncio.Event(), asyncio.get_running_loop()

    async def silent(_: object) -> GetNotificationResponse:
        await never.wait()
        return GetNotificationResponse()

    async def busy(_: object) -> GetNotificationResponse:
        raise Fault(grpc.StatusCode.UNAVAILABLE, "OVERLOADED", retry_delay=1000)

    script.answer("SendNotification", silent)
    script.answer("ListNotifications", silent)
    script.answer("GetNotification", busy)
    publisher = await loop.run_in_executor(
        pool, lambda: BlockingPublisher(script.target, "a token", timeout=3000)
    )
    waiting: list[asyncio.Future[Any]] = [
        loop.run_in_executor(pool, lambda: publisher.send("ada", title="first")),
        loop.run_in_executor(pool, lambda: publisher.get("ada", "x")),
        loop.run_in_executor(pool, lambda: list(publisher.list("ada"))),
    ]
    await script.until("SendNotification", "GetNotification", "ListNotifications", count=3)
    waiting.append(loop.run_in_executor(pool, lambda: publisher.send("ada", title="second")))

    await loop.run_in_executor(pool, publisher.close)

    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(outcome, RuntimeError | UnisonoError) for outcome in outcomes), outcomes
    assert all("closed" in str(outcome) for outcome in outcomes), outcomes
    assert threads() == 0


async def test_a_closed_one_says_so(script: StubServer) -> None:
    def work() -> None:
        publisher = BlockingPublisher(script.target, "a token", backoff=QUICK)
        half_read = publisher.list("ada")
        publisher.close()
        publisher.close()
        with pytest.raises(RuntimeError, match="this publisher is closed"):
            publisher.send("ada", title="late")
        with pytest.raises(RuntimeError, match="this publisher is closed"):
            next(half_read)

    await asyncio.to_thread(work)

    assert script.calls == []


async def test_a_list_may_be_left_half_way(node: Running, backend: Publisher) -> None:
    await backend.batch(draft("ada", title=str(number)) for number in range(4))

    def work() -> list[str]:
        with BlockingPublisher(node.target, tokens.publisher()) as publisher:
            rows = publisher.list("ada", page_size=1)
            found = [next(rows).title, next(publisher.list("ada")).title]
        del rows
        return found

    assert await asyncio.to_thread(work) == ["3", "3"]


async def test_the_drafts_of_a_generator_may_call_the_publisher(node: Running, backend: Publisher) -> None:
    await backend.send("ada", title="template", app_notification_id="template")

    def work() -> int:
        with BlockingPublisher(node.target, tokens.publisher()) as publisher:

            def drafts() -> Iterator[Draft]:
                for number in range(3):
                    template = publisher.get("ada", Key("template")).title
                    yield draft("ada", title=f"{template} {number}")

            return len(publisher.batch(drafts()))

    assert await asyncio.to_thread(work) == 3


UNCLOSED = """
import sys
from unisono.client import BlockingPublisher
publisher = BlockingPublisher(*sys.argv[1:])
print(publisher.send("ada", title="Hello").revision)
"""


async def test_a_program_may_end_without_closing_it(script: StubServer, service: FakeSendService) -> None:
    ended = await run(UNCLOSED, script.target, "a token")

    assert (ended.status, ended.stdout, ended.stderr) == (0, "1\n", "")


HALF_READ = """
import sys
from unisono.client import BlockingPublisher
publisher = BlockingPublisher(*sys.argv[1:])
rows = publisher.list("ada", page_size=1)
print(next(rows).title)
"""


async def test_a_program_may_end_with_a_list_half_read(node: Running, backend: Publisher) -> None:
    await backend.batch(draft("ada", title=title) for title in ("first", "last"))

    ended = await run(HALF_READ, node.target, tokens.publisher())

    assert (ended.status, ended.stdout, ended.stderr) == (0, "last\n", "")


INTERRUPTED = """
import sys
from unisono.client import BlockingPublisher
with BlockingPublisher(*sys.argv[1:]) as publisher:
    for title in ("hangs", "goes on"):
        try:
            print("sent", publisher.send("ada", title=title).revision, flush=True)
        except KeyboardInterrupt:
            print("interrupted", flush=True)
"""


async def test_a_person_may_interrupt_it(script: StubServer, service: FakeSendService) -> None:
    service.gate.clear()
    program = await Program.start(INTERRUPTED, script.target, "a token")
    await service.called()

    program.signal(signal.SIGINT)

    assert await program.line() == "interrupted"
    service.gate.set()
    assert await program.line() == "sent 2"
    assert (await program.ended()).status == 0
