"""Marks made on a device: kept while it is offline, sent in order on return, and in effect once."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import LIVE, laptop, live, scripted_streams, sent, until
from tests.sdk.storage_spy import StorageSpy
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    FileStorage,
    InvalidRequest,
    NotFound,
    ServerTooOld,
    StorageFailed,
    Superseded,
    Timing,
    UserActionState,
)
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_service_pb2 as pb

NOWHERE = "127.0.0.1:1"
Code = grpc.StatusCode


class Marker:
    """Answers marks: with the faults that are planned, one each, or else with how many it has done.

    While the `gate` is closed, streams that come wait, and devices are offline.
    """

    def __init__(self, script: StubServer) -> None:
        self.faults: list[Fault | None] = []
        self.done: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self._script = script
        script.answer("MarkNotifications", self._mark)
        script.stream("Subscribe", self._subscribe)

    @property
    def asked(self) -> list[str]:
        return [request.references.refs[0].id for request in self._script.requests("MarkNotifications")]

    async def _subscribe(self, _: feed_pb.SubscribeRequest) -> AsyncIterator[feed_pb.SubscribeResponse]:
        await self.gate.wait()
        for message in LIVE:
            yield message
        await asyncio.Event().wait()

    async def _mark(self, request: pb.MarkNotificationsRequest) -> pb.MarkNotificationsResponse:
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        self.done.append(request.references.refs[0].id)
        return pb.MarkNotificationsResponse(changed=1, last_revision=len(self.done))


@pytest.fixture
def marker(script: StubServer) -> Marker:
    return Marker(script)


async def test_while_live_the_server_answers(script: StubServer, marker: Marker) -> None:
    async with laptop(script.target) as device:
        await live(device)
        results = await asyncio.gather(*(device.mark_read(id_) for id_ in ("a", "b", "c")))

        assert [result and result.last_revision for result in results] == [1, 2, 3]
        assert device.pending_marks == 0
    assert marker.done == ["a", "b", "c"]


async def test_offline_they_wait_and_go_in_order(script: StubServer, marker: Marker) -> None:
    marker.gate.clear()
    async with laptop(script.target) as device:
        for count, id_ in enumerate(("a", "b", "c", "d"), start=1):
            assert await device.mark_read(id_) is None
            assert device.pending_marks == count
        marker.gate.set()
        await sent(device)

    assert marker.done == ["a", "b", "c", "d"]


async def test_they_outlive_the_process(script: StubServer, marker: Marker, tmp_path: Path) -> None:
    names = [f"id-{number}" for number in range(12)]
    for part in (names[:5], names[5:]):
        async with laptop(NOWHERE, storage=FileStorage(tmp_path / "inbox")) as device:
            for name in part:
                assert await device.mark_read(name) is None
    for expected in (12, 0):
        async with laptop(script.target, storage=FileStorage(tmp_path / "inbox")) as device:
            assert device.pending_marks == expected
            await sent(device)

    assert marker.done == names


async def test_an_answer_that_is_lost_is_asked_for_again(script: StubServer, marker: Marker) -> None:
    marker.faults = [Fault(Code.UNAVAILABLE), Fault(Code.UNAVAILABLE, "OUTCOME_UNKNOWN", retry_delay=0.01)]

    async with laptop(script.target) as device:
        await live(device)
        result = await device.mark_read("a")
        await device.mark_read("b")

    assert result is not None
    assert (marker.asked, marker.done) == (["a", "a", "a", "b"], ["a", "b"])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (Code.UNAUTHENTICATED, "TOKEN_INVALID"),
        (Code.UNAUTHENTICATED, "TOKEN_EXPIRED"),
        (Code.PERMISSION_DENIED, "APP_UNKNOWN"),
        (Code.PERMISSION_DENIED, "SCOPE_MISSING"),
    ],
)
async def test_what_says_nothing_of_the_mark_does_not_cost_it(
    script: StubServer, marker: Marker, code: grpc.StatusCode, reason: str
) -> None:
    """Whoever waits for it is not kept waiting, and it is sent again, before the next."""
    marker.faults = [Fault(code, reason)] * 3

    async with laptop(script.target) as device:
        await live(device)
        assert await device.mark_read("a") is None
        await device.mark_read("b")
        await sent(device)

    assert (marker.asked, marker.done) == (["a", "a", "a", "a", "b"], ["a", "b"])


async def test_one_that_is_too_much_now_is_sent_when_the_server_wants_it(
    script: StubServer, marker: Marker
) -> None:
    """Also where that is later than a call may take."""
    marker.faults = [Fault(Code.RESOURCE_EXHAUSTED, "RATE_LIMITED", retry_delay=1.2)]

    async with laptop(script.target, timing=Timing(call_timeout=1.0, backoff=QUICK)) as device:
        await live(device)
        began = time.monotonic()
        assert await device.mark_read("a") is None
        await sent(device)

    assert time.monotonic() - began >= 1.2
    assert (marker.asked, marker.done) == (["a", "a"], ["a"])


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(Code.INVALID_ARGUMENT, "INVALID_REQUEST"), InvalidRequest),
        (Fault(Code.NOT_FOUND, "ENDPOINT_NOT_FOUND"), NotFound),
    ],
)
async def test_one_that_is_refused_is_told_and_holds_nothing_up(
    script: StubServer, marker: Marker, fault: Fault, kind: type[Exception]
) -> None:
    storage = StorageSpy()
    async with laptop(script.target, storage=storage) as device:
        await live(device)
        marker.faults = [fault]
        with pytest.raises(kind):
            await device.mark_read("bad")
        assert await device.mark_read("good") is not None
        assert device.pending_marks == 0

    assert (marker.asked, marker.done, storage.marks) == (["bad", "good"], ["good"], 0)


async def test_one_that_is_refused_later_is_in_the_log(
    script: StubServer, marker: Marker, caplog: pytest.LogCaptureFixture
) -> None:
    marker.gate.clear()
    marker.faults = [Fault(Code.INVALID_ARGUMENT, "INVALID_REQUEST", message="no such state\x1b[2J")]
    async with laptop(script.target) as device:
        for id_ in ("bad", "good"):
            await device.mark_read(id_)
        marker.gate.set()
        await sent(device)

    assert marker.done == ["good"]
    (record,) = [record for record in caplog.records if record.name == "unisono.client"]
    assert (record.levelname, "no such state" in record.getMessage()) == ("WARNING", True)
    # Without a configuration of its own, a program's log is its terminal.
    assert record.getMessage().isprintable()


async def test_one_that_an_older_server_does_not_know_is_told_and_holds_nothing_up(
    script: StubServer, marker: Marker
) -> None:
    script.knows(None)
    storage = StorageSpy()
    async with laptop(script.target, storage=storage) as device:
        await live(device)
        with pytest.raises(ServerTooOld, match="action_id"):
            await device.mark("bad", user_action_state=UserActionState.ACTIVATED, action_id="reply")
        assert await device.mark_read("good") is not None
        assert device.pending_marks == 0

    assert (marker.asked, marker.done, storage.marks) == (["good"], ["good"], 0)


async def test_one_that_an_older_server_does_not_know_later_is_in_the_log(
    script: StubServer, marker: Marker, caplog: pytest.LogCaptureFixture
) -> None:
    script.knows(None)
    marker.gate.clear()
    async with laptop(script.target) as device:
        await device.mark("bad", user_action_state=UserActionState.ACTIVATED, action_id="reply")
        await device.mark_read("good")
        marker.gate.set()
        await sent(device)

    assert marker.asked == marker.done == ["good"]
    (record,) = [record for record in caplog.records if record.name == "unisono.client"]
    assert "does not know MarkNotificationsRequest.action_id" in record.getMessage()


async def test_one_that_cannot_be_kept_is_not_made(script: StubServer, marker: Marker) -> None:
    storage = StorageSpy()
    async with laptop(script.target, storage=storage) as device:
        await live(device)
        storage.error = StorageFailed("the disk is full")
        with pytest.raises(StorageFailed):
            await device.mark_read("a")
        assert device.pending_marks == 0
        storage.error = None
        await device.mark_read("b")

    assert marker.done == ["b"]


async def test_none_is_lost_when_it_is_closed_while_they_wait(script: StubServer, marker: Marker) -> None:
    """Whoever waits for an answer is told that there is none yet; the next process sends it."""
    hanging = asyncio.Event()

    async def never(_: object) -> pb.MarkNotificationsResponse:
        hanging.set()
        await asyncio.Event().wait()
        raise AssertionError

    script.answer("MarkNotifications", never)
    storage = StorageSpy()
    async with laptop(script.target, storage=storage) as device:
        await live(device)
        waiting = [asyncio.create_task(device.mark_read(id_)) for id_ in ("a", "b")]
        await hanging.wait()
        assert device.pending_marks == 2
        await device.close()
        assert await asyncio.gather(*waiting) == [None, None]
    assert storage.marks == 2

    again = Marker(script)
    async with laptop(script.target, storage=storage) as device:
        await sent(device)
    assert (again.done, storage.marks) == (["a", "b"], 0)


async def test_one_that_gives_up_waiting_has_made_its_mark(script: StubServer, marker: Marker) -> None:
    marker.faults = [Fault(Code.UNAVAILABLE, "OVERLOADED", retry_delay=0.1)]
    async with laptop(script.target) as device:
        await live(device)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await device.mark_read("a")
        await sent(device)

    assert marker.done == ["a"]


async def test_no_more_after_the_end(script: StubServer, marker: Marker) -> None:
    device = laptop(script.target)
    async with device:
        await live(device)
    with pytest.raises(RuntimeError, match="closed"):
        await device.mark_read("a")

    script.stream("Subscribe", scripted_streams([Fault(Code.ABORTED, "SUPERSEDED")]))
    async with laptop(script.target) as device:
        with pytest.raises(Superseded):
            await until(device, lambda _: False)
        with pytest.raises(Superseded):
            await device.mark_read("a")
    assert marker.asked == []
