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
    InvalidRequest,
    NotFound,
    PermissionDenied,
    PlatformFixed,
    ServerTooOld,
    Status,
    Superseded,
    Timing,
    Unauthenticated,
    UnisonoError,
)
from unisono.v1 import feed_service_pb2 as pb

Code = grpc.StatusCode
#: Whoever waits for this has not heard what the server said.
NEVER = Timing(backoff=Backoff(initial=1000.0, maximum=1000.0))

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


async def test_a_reason_that_nobody_knows_without_a_delay_ends_it(script: StubServer) -> None:
    """An absent delay says: do not come back by yourself."""
    fault = Fault(Code.PERMISSION_DENIED, "ROLE_NOT_ALLOWED")
    script.stream("Subscribe", scripted_streams([*LIVE, goodbye(UNKNOWN), fault], LIVE))

    async with laptop(script.target) as device:
        assert isinstance(await ended(device), PermissionDenied)
    assert len(script.requests("Subscribe")) == 1


@pytest.mark.parametrize("last", [END, Fault(Code.UNAVAILABLE), Fault(Code.INTERNAL)])
async def test_so_it_does_when_the_connection_breaks_at_once(
    script: StubServer, last: Message | Exception
) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, goodbye(UNKNOWN), last], LIVE))

    async with laptop(script.target) as device:
        error = await ended(device)

        assert isinstance(error, UnisonoError)
        assert "99" in str(error)
    assert len(script.requests("Subscribe")) == 1


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


LASTING = {
    "ROLE_NOT_ALLOWED": (Code.PERMISSION_DENIED, PermissionDenied),
    "ENDPOINT_DELETED": (Code.FAILED_PRECONDITION, EndpointDeleted),
    "PLATFORM_FIXED": (Code.FAILED_PRECONDITION, PlatformFixed),
    "INVALID_REQUEST": (Code.INVALID_ARGUMENT, InvalidRequest),
    "SUPERSEDED": (Code.ABORTED, Superseded),
    "ENDPOINT_NOT_FOUND": (Code.NOT_FOUND, NotFound),
    "": (Code.UNIMPLEMENTED, ServerTooOld),
    "SOMETHING_NEW": (Code.FAILED_PRECONDITION, FailedPrecondition),
}


@pytest.mark.parametrize("reason", LASTING)
async def test_what_will_not_pass_ends_it(script: StubServer, reason: str) -> None:
    code, kind = LASTING[reason]
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
