"""Why a stream ended decides whether a device comes back, and when: every reason of the contract."""

import time
from collections.abc import AsyncIterator

import grpc
import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import (
    END,
    LIVE,
    BackoffSpy,
    Message,
    ended,
    goodbye,
    laptop,
    live,
    scripted_streams,
    until,
)
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    Backoff,
    EndpointDeleted,
    FailedPrecondition,
    FeedBarred,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    PlatformFixed,
    Status,
    Superseded,
    Timing,
    Unauthenticated,
    UnisonoError,
)
from unisono.client._device import stream
from unisono.client._device.comeback import MAX_SHORT
from unisono.v1 import feed_service_pb2 as pb

Code = grpc.StatusCode
FAR = Backoff(initial=1000.0, maximum=1000.0)
#: Whoever waits for this has not heard what the server said.
NEVER = Timing(backoff=FAR, refusal_backoff=FAR)

COME_BACK: dict[int, grpc.StatusCode] = {
    pb.GOODBYE_REASON_DRAINING: Code.UNAVAILABLE,
    pb.GOODBYE_REASON_SESSION_AGE: Code.UNAVAILABLE,
    pb.GOODBYE_REASON_RESYNC: Code.UNAVAILABLE,
    pb.GOODBYE_REASON_FEED_DELETED: Code.UNAVAILABLE,
}
FOR_GOOD: dict[int, tuple[grpc.StatusCode, type[UnisonoError]]] = {
    pb.GOODBYE_REASON_TOKEN_EXPIRED: (Code.UNAUTHENTICATED, Unauthenticated),
    pb.GOODBYE_REASON_SUPERSEDED: (Code.ABORTED, Superseded),
    pb.GOODBYE_REASON_ENDPOINT_DELETED: (Code.NOT_FOUND, EndpointDeleted),
}
#: One that a later version of the contract may have.
UNKNOWN = 99


def name_of(reason: int) -> str:
    return pb.GoodbyeReason.Name(reason).removeprefix("GOODBYE_REASON_")  # type: ignore[arg-type]


def test_every_reason_is_here() -> None:
    assert {*COME_BACK, *FOR_GOOD, pb.GOODBYE_REASON_UNSPECIFIED} == set(pb.GoodbyeReason.values())


@pytest.mark.parametrize("reason", [*COME_BACK, UNKNOWN])
async def test_with_a_delay_it_comes_back_after_that(script: StubServer, reason: int) -> None:
    """And after nothing else: a backoff would keep it away for long."""
    delay = 0.15
    fault = Fault(COME_BACK.get(reason, Code.UNAVAILABLE), "DRAINING", retry_delay=1000.0)
    asked: list[float] = []
    tell = scripted_streams([*LIVE, goodbye(reason, delay), fault], LIVE)

    def backoff(request: pb.SubscribeRequest) -> AsyncIterator[Message]:
        asked.append(time.monotonic())
        return tell(request)

    script.stream("Subscribe", backoff)
    async with laptop(script.target, timing=NEVER) as device:
        await until(device, lambda device: device.status is Status.OFFLINE and device.error)
        trouble = device.error
        await live(device)

    assert isinstance(trouble, UnisonoError)
    assert trouble.retry_delay == delay
    assert trouble.reason == (name_of(reason) if reason != UNKNOWN else "")
    assert len(asked) == 2
    assert asked[1] - asked[0] >= delay


@pytest.mark.parametrize("reason", COME_BACK)
async def test_no_delay_is_one_too(script: StubServer, reason: int) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, goodbye(reason, 0.0), Fault(Code.UNAVAILABLE)], LIVE))

    async with laptop(script.target, timing=NEVER) as device:
        await script.until("Subscribe", count=2)
        await live(device)


@pytest.mark.parametrize("how", ["with its status", "without", "with a cut"])
@pytest.mark.parametrize("reason", FOR_GOOD)
async def test_without_a_way_back_it_ends(script: StubServer, reason: int, how: str) -> None:
    """What the server said counts, however the stream breaks after it."""
    code, kind = FOR_GOOD[reason]
    last: dict[str, list[Message | Exception]] = {
        "with its status": [Fault(code, name_of(reason))],
        "with a cut": [Fault(Code.UNAVAILABLE)],
        "without": [END],
    }
    script.stream("Subscribe", scripted_streams([*LIVE, goodbye(reason), *last[how]], LIVE))

    async with laptop(script.target) as device:
        error = await ended(device)

        assert type(error) is kind
        assert isinstance(error, UnisonoError)
        assert error.reason == name_of(reason)
        assert (device.status, device.error) == (Status.CLOSED, error)
    assert len(script.requests("Subscribe")) == 1


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (Fault(Code.PERMISSION_DENIED, "ROLE_NOT_ALLOWED"), "ROLE_NOT_ALLOWED"),
        (END, "99"),
        (Fault(Code.UNAVAILABLE), "99"),
        (Fault(Code.INTERNAL), "99"),
    ],
)
async def test_a_reason_that_nobody_knows_keeps_it_away_for_longer(
    script: StubServer, last: Message | Exception, said: str
) -> None:
    """Without a delay, as after a refusal; what a newer server says in its status is told."""
    refusals = BackoffSpy()
    script.stream("Subscribe", scripted_streams([*LIVE, goodbye(UNKNOWN), last], LIVE))

    async with laptop(script.target, timing=Timing(backoff=FAR, refusal_backoff=refusals)) as device:
        await until(device, lambda device: device.status is Status.OFFLINE and device.error)
        assert said in f"{device.error} {device.error!r}"
        await script.until("Subscribe", count=2)
        await live(device)
    assert refusals.asked == [1]


@pytest.mark.parametrize("reason", COME_BACK)
async def test_a_known_reason_without_a_delay(script: StubServer, reason: int) -> None:
    backoff = BackoffSpy()
    script.stream("Subscribe", scripted_streams([*LIVE, goodbye(reason), END], LIVE))

    async with laptop(script.target, timing=Timing(backoff=backoff, refusal_backoff=FAR)) as device:
        await script.until("Subscribe", count=2)
        await live(device)
    assert backoff.asked == [1]


async def test_a_server_that_says_goodbye_and_stays_is_left(
    script: StubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before its heartbeats are missed."""
    monkeypatch.setattr(stream, "LEAVING", 0.05)
    script.stream("Subscribe", scripted_streams([*LIVE, goodbye(pb.GOODBYE_REASON_DRAINING, 0.0)], LIVE))

    async with laptop(script.target) as device:
        await until(device, lambda device: device.status is Status.OFFLINE and device.error)
        assert "DRAINING" in str(device.error)
        await live(device)


async def test_a_server_that_sends_everybody_away_at_once_is_not_obeyed_for_long(script: StubServer) -> None:
    """However often it says so: three streams that do not live for a second, and then it takes its time."""
    backoff = BackoffSpy()
    script.stream("Subscribe", scripted_streams([*LIVE, goodbye(pb.GOODBYE_REASON_DRAINING, 0.0), END]))

    async with laptop(script.target, timing=Timing(backoff=backoff)):
        await script.until("Subscribe", count=MAX_SHORT + 4)

    assert backoff.asked[:3] == [1, 2, 3]


PASSING: dict[str, Message | Exception] = {
    "a server that cannot be reached": Fault(Code.UNAVAILABLE),
    "a cancellation that nobody asked for": Fault(Code.CANCELLED),
    "too many streams": Fault(Code.RESOURCE_EXHAUSTED, "OPEN_STREAMS_EXCEEDED"),
    "a limit of the transport": Fault(Code.RESOURCE_EXHAUSTED),
    "too many calls": Fault(Code.RESOURCE_EXHAUSTED, "RATE_LIMITED", retry_delay=0.01),
    "too many calls, and no word for how long": Fault(Code.RESOURCE_EXHAUSTED, "RATE_LIMITED"),
    "a request that came in part": Fault(Code.DEADLINE_EXCEEDED, "REQUEST_INCOMPLETE"),
    "what a proxy says that lost its server": Fault(Code.INTERNAL),
    "a fault of the server": Fault(Code.INTERNAL, "INTERNAL"),
    "an exception in a handler": Fault(Code.UNKNOWN),
    "the time-out of a proxy": Fault(Code.DEADLINE_EXCEEDED),
    "an end without a word": END,
    "a proxy that answers for the server": Fault(Code.UNIMPLEMENTED),
    "a proxy that wants a login": Fault(Code.UNAUTHENTICATED),
    "a proxy that forbids it": Fault(Code.PERMISSION_DENIED),
    "a proxy that knows no such place": Fault(Code.NOT_FOUND),
    "an answer that is no gRPC": Fault(Code.UNIMPLEMENTED, message="Received http2 header with status: 404"),
}


@pytest.mark.parametrize("kind", PASSING)
async def test_after_what_may_pass_it_comes_back_later_and_later(script: StubServer, kind: str) -> None:
    """Until it was live: then it begins anew."""
    backoff, fault = BackoffSpy(), PASSING[kind]
    script.stream(
        "Subscribe", scripted_streams([fault], [fault], [LIVE[0], fault], [*LIVE, fault], [fault], LIVE)
    )

    async with laptop(script.target, timing=Timing(backoff=backoff)) as device:
        await script.until("Subscribe", count=6)
        await live(device)

        assert device.error is None
    assert backoff.asked == [1, 2, 3, 1, 2]


@pytest.mark.parametrize(
    ("code", "reason"), [(Code.UNAVAILABLE, "OVERLOADED"), (Code.RESOURCE_EXHAUSTED, "RATE_LIMITED")]
)
async def test_not_sooner_than_the_server_asks(
    script: StubServer, code: grpc.StatusCode, reason: str
) -> None:
    script.stream("Subscribe", scripted_streams([Fault(code, reason, retry_delay=0.15)], LIVE))
    began = time.monotonic()

    async with laptop(script.target, timing=Timing(backoff=QUICK)) as device:
        await live(device)

    assert time.monotonic() - began >= 0.15


FINAL = {
    "ENDPOINT_DELETED": (Code.FAILED_PRECONDITION, EndpointDeleted),
    "FEED_BARRED": (Code.FAILED_PRECONDITION, FeedBarred),
    "SUPERSEDED": (Code.ABORTED, Superseded),
    "TOKEN_EXPIRED": (Code.UNAUTHENTICATED, Unauthenticated),
}


@pytest.mark.parametrize("reason", FINAL)
async def test_after_these_alone_nobody_comes_back(script: StubServer, reason: str) -> None:
    """With a token that is given once and for all."""
    code, kind = FINAL[reason]
    script.stream("Subscribe", scripted_streams([Fault(code, reason)], LIVE))

    async with laptop(script.target) as device:
        events = device.events()
        error = await ended(device)

        assert type(error) is kind
        with pytest.raises(kind):
            await anext(events)
        with pytest.raises(kind):
            await device.mark_read("id-1")
    assert len(script.requests("Subscribe")) == 1


REFUSED = {
    "APP_UNKNOWN": (Code.PERMISSION_DENIED, PermissionDenied),
    "ROLE_NOT_ALLOWED": (Code.PERMISSION_DENIED, PermissionDenied),
    "TOKEN_INVALID": (Code.UNAUTHENTICATED, Unauthenticated),
    "PLATFORM_FIXED": (Code.FAILED_PRECONDITION, PlatformFixed),
    "INVALID_REQUEST": (Code.INVALID_ARGUMENT, InvalidRequest),
    "ENDPOINT_NOT_FOUND": (Code.NOT_FOUND, NotFound),
    "SOMETHING_NEW": (Code.FAILED_PRECONDITION, FailedPrecondition),
}


@pytest.mark.parametrize("reason", REFUSED)
async def test_after_a_refusal_it_comes_back_more_and_more_seldom(script: StubServer, reason: str) -> None:
    """A restart with the right settings, or a key that the server learns of, is all that it takes."""
    code, kind = REFUSED[reason]
    refusals, fault = BackoffSpy(), Fault(code, reason)
    script.stream("Subscribe", scripted_streams([fault], [fault], [*LIVE, fault], [fault], LIVE))

    async with laptop(script.target, timing=Timing(backoff=FAR, refusal_backoff=refusals)) as device:
        await until(device, lambda device: device.error)
        assert (type(device.error), device.status) == (kind, Status.OFFLINE)
        await script.until("Subscribe", count=5)
        await live(device)
    assert refusals.asked == [1, 2, 1, 2]


def test_refusals_keep_it_away_for_minutes_at_last() -> None:
    delays = [Timing().refusal_backoff.delay(refusals) for refusals in range(1, 20)]

    assert delays[0] <= 0.5
    assert 150 <= delays[-1] <= 300
