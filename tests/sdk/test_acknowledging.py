"""A device says how far it got: now and then, only the last, never less than it knows to be there."""

import asyncio
import time
from collections.abc import AsyncIterator

import grpc
import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import (
    LIVE,
    BackoffSpy,
    Message,
    at,
    created,
    heartbeat,
    laptop,
    live,
    scripted_streams,
    synced,
    until,
    welcome,
)
from tests.sdk.storage_spy import StorageSpy
from tests.support.processes import TIMEOUT
from tests.support.stub_server import Fault, StubServer
from unisono.client import Timing
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1.notification_service_pb2 import DeleteNotificationResponse

#: Longer than any of these tests, which nothing but the closing hurries.
NOT_BY_ITSELF = Timing(backoff=QUICK, acknowledge_interval=1000.0, call_timeout=1000.0)


class Ledger:
    """The positions that were acknowledged."""

    def __init__(self, script: StubServer) -> None:
        self.faults: list[Fault] = []
        self.times: list[float] = []
        self._script = script
        script.answer("Acknowledge", self._acknowledge)

    @property
    def positions(self) -> list[bytes]:
        return [request.resume_token for request in self._script.requests("Acknowledge")]

    @property
    def different(self) -> list[bytes]:
        """The same, where one that is told at the closing, too, its answer being under way, counts once."""
        return list(dict.fromkeys(self.positions))

    async def reached(self, position: bytes) -> None:
        async with asyncio.timeout(TIMEOUT):
            while position not in self.positions:
                await self._script.until("Acknowledge", count=len(self.positions) + 1)

    async def _acknowledge(self, request: pb.AcknowledgeRequest) -> pb.AcknowledgeResponse:
        assert request.endpoint_id == "laptop"
        self.times.append(time.monotonic())
        if self.faults:
            raise self.faults.pop(0)
        return pb.AcknowledgeResponse()


@pytest.fixture
def ledger(script: StubServer) -> Ledger:
    return Ledger(script)


async def test_positions_are_gathered_and_the_last_is_told(script: StubServer, ledger: Ledger) -> None:
    said = [*LIVE, *(created(revision) for revision in range(1, 8))]
    script.stream("Subscribe", scripted_streams(said))
    began = time.monotonic()

    async with laptop(script.target, timing=Timing(backoff=QUICK, acknowledge_interval=1.0)) as device:
        await until(device, lambda device: device.revision == 7)
        await ledger.reached(b"token-7")
        waited = time.monotonic() - began

    assert ledger.different == [b"token-7"]
    assert waited >= 1.0


async def test_what_is_new_after_that_is_told_later(script: StubServer, ledger: Ledger) -> None:
    more = asyncio.Event()

    async def stream(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        for message in (*LIVE, created(1)):
            yield message
        await more.wait()
        yield created(2)
        await asyncio.Event().wait()

    script.stream("Subscribe", stream)
    async with laptop(script.target, timing=Timing(backoff=QUICK, acknowledge_interval=0.1)):
        await ledger.reached(b"token-1")
        more.set()
        await ledger.reached(b"token-2")

    assert ledger.different[-2:] == [b"token-1", b"token-2"]


async def test_the_closing_tells_what_was_not_told(script: StubServer, ledger: Ledger) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, created(1), created(2)]))

    async with laptop(script.target, timing=NOT_BY_ITSELF) as device:
        await until(device, lambda device: device.revision == 2)
        assert ledger.positions == []

    assert ledger.positions == [b"token-2"]


async def test_what_was_told_is_not_told_again(script: StubServer, ledger: Ledger) -> None:
    """Neither when a heartbeat repeats it, nor on coming back, nor at the closing."""
    fault = Fault(grpc.StatusCode.UNAVAILABLE)
    heard = asyncio.Event()

    async def again(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        for message in (welcome(resumed=True, token=b"token-1"), synced(1), heartbeat(1)):
            yield message
        heard.set()
        await asyncio.Event().wait()

    gate = asyncio.Event()

    async def first(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        for message in (*LIVE, created(1)):
            yield message
        await gate.wait()
        raise fault

    async def deleted(_: object) -> DeleteNotificationResponse:
        return DeleteNotificationResponse()

    script.answer("DeleteNotification", deleted)
    script.stream("Subscribe", lambda request: (again if request.resume_token else first)(request))
    async with laptop(script.target, timing=Timing(backoff=QUICK, acknowledge_interval=0.02)) as device:
        await ledger.reached(b"token-1")
        # What is answered later says that this was answered.
        await device.delete("id-1")
        gate.set()
        await heard.wait()
        await live(device)

    assert ledger.positions.count(b"token-1") == 1
    assert ledger.positions[-1] == b"token-1"


async def test_a_position_of_a_feed_that_started_anew_is_told(script: StubServer, ledger: Ledger) -> None:
    """Although its number is the same."""
    anew = at(1, synced=pb.Synced(), token=b"token-1 of a new epoch")
    script.stream(
        "Subscribe",
        scripted_streams([*LIVE, created(1), Fault(grpc.StatusCode.UNAVAILABLE)], [welcome(), anew]),
    )

    async with laptop(script.target, timing=NOT_BY_ITSELF) as device:
        await script.until("Subscribe", count=2)
        await live(device)

    assert ledger.positions == [anew.resume_token]


async def test_one_that_fails_is_made_again_or_for_a_later(script: StubServer, ledger: Ledger) -> None:
    ledger.faults = [Fault(grpc.StatusCode.UNAVAILABLE), Fault(grpc.StatusCode.INTERNAL)]
    script.stream("Subscribe", scripted_streams([welcome(), created(1), synced(1)]))

    async with laptop(script.target, timing=Timing(backoff=QUICK, acknowledge_interval=0.02)) as device:
        await until(device, lambda device: device.revision == 1)
        await script.until("Acknowledge", count=3)

        assert device.error is None
    assert ledger.positions[:3] == [b"token-1"] * 3


async def test_one_that_is_refused_is_not_made_again(script: StubServer, ledger: Ledger) -> None:
    """But the next one is."""
    gate = asyncio.Event()
    ledger.faults = [Fault(grpc.StatusCode.INVALID_ARGUMENT, "RESUME_TOKEN_INVALID")]

    async def stream(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        for message in (welcome(), created(1)):
            yield message
        await gate.wait()
        yield created(2)
        await asyncio.Event().wait()

    script.stream("Subscribe", stream)
    async with laptop(script.target, timing=Timing(backoff=QUICK, acknowledge_interval=0.0)):
        await ledger.reached(b"token-1")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await script.until("Acknowledge", count=2)
        gate.set()
        await ledger.reached(b"token-2")
    assert ledger.positions[:2] == [b"token-1", b"token-2"]


async def test_not_sooner_than_the_server_asks_and_later_and_later(
    script: StubServer, ledger: Ledger
) -> None:
    backoff = BackoffSpy()
    ledger.faults = [
        Fault(grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED", retry_delay=0.15),
        Fault(grpc.StatusCode.UNAVAILABLE),
    ]
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))

    async with laptop(script.target, timing=Timing(backoff=backoff, acknowledge_interval=0.0)) as device:
        await script.until("Acknowledge", count=3)
        assert device.error is None

    assert ledger.times[1] - ledger.times[0] >= 0.15
    assert backoff.asked == [1, 2]


async def test_a_catch_up_is_no_position(script: StubServer, ledger: Ledger) -> None:
    half = created(5)
    half.complete = False
    script.stream("Subscribe", scripted_streams([*LIVE, half]))
    async with laptop(script.target, timing=Timing(backoff=QUICK, acknowledge_interval=0.02)) as device:
        await live(device)
        await ledger.reached(b"token-0")

    assert ledger.different == [b"token-0"]


async def test_it_is_never_ahead_of_what_is_kept(script: StubServer) -> None:
    storage = StorageSpy()
    told: list[tuple[bytes, bytes]] = []

    async def acknowledge(request: pb.AcknowledgeRequest) -> pb.AcknowledgeResponse:
        told.append((request.resume_token, storage.token))
        return pb.AcknowledgeResponse()

    script.answer("Acknowledge", acknowledge)
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    async with laptop(script.target, storage=storage) as device:
        await live(device)
        storage.waiting.clear()
        storage.gate.clear()
        async with asyncio.timeout(TIMEOUT):
            await storage.waiting.wait()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await script.until("Acknowledge", count=2)
        storage.gate.set()
        async with asyncio.timeout(TIMEOUT):
            while (b"token-1", b"token-1") not in told:
                await script.until("Acknowledge", count=len(told) + 1)

    assert (b"token-1", b"token-1") in told
    assert all(position <= kept for position, kept in told)


async def test_the_last_word_does_not_hold_up_the_closing(script: StubServer) -> None:
    never = asyncio.Event()

    async def silent(_: object) -> pb.AcknowledgeResponse:
        await never.wait()
        return pb.AcknowledgeResponse()

    script.answer("Acknowledge", silent)
    script.stream("Subscribe", scripted_streams([*LIVE, created(1)]))
    async with laptop(script.target, timing=NOT_BY_ITSELF) as device:
        await until(device, lambda device: device.revision == 1)
        async with asyncio.timeout(TIMEOUT):
            await device.close()
