"""A device's access token: when it is refused or expires, a provider is asked for the next one."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.device_script import (
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
from tests.support.processes import TIMEOUT
from tests.support.stub_server import Fault, StubServer
from unisono.client import Backoff, Status, Timing, Unauthenticated, Unavailable
from unisono.v1 import feed_service_pb2 as pb

REFUSED = Fault(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_INVALID")
EXPIRED = (
    *LIVE,
    goodbye(pb.GOODBYE_REASON_TOKEN_EXPIRED),
    Fault(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED"),
)
TIMING = Timing(backoff=QUICK, refusal_backoff=QUICK)
#: More than one would take by chance.
MANY = 8


class Provider:
    """Gives out tokens by number, from 1, but for what a test puts in its way."""

    def __init__(self) -> None:
        self.given = 0
        self.troubles: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    async def __call__(self) -> str:
        self.asked.set()
        await self.gate.wait()
        if self.troubles:
            raise self.troubles.pop(0)
        self.given += 1
        return f"token-{self.given}"


@pytest.fixture
def provider() -> Provider:
    return Provider()


async def test_the_first_one_is_asked_for_once(script: StubServer, provider: Provider) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, Fault(grpc.StatusCode.UNAVAILABLE)], LIVE))

    async with laptop(script.target, provider, timing=TIMING) as device:
        await script.until("Subscribe", count=2)
        await live(device)

    assert script.tokens("Subscribe") == ["token-1", "token-1"]


async def test_one_that_expires_is_replaced_at_once(script: StubServer, provider: Provider) -> None:
    """Not after a backoff: nothing has failed."""
    script.stream("Subscribe", scripted_streams(EXPIRED, EXPIRED, LIVE))

    async with laptop(script.target, provider, timing=Timing(backoff=Backoff(initial=1000.0))) as device:
        await script.until("Subscribe", count=3)
        await live(device)

    assert script.tokens("Subscribe") == ["token-1", "token-2", "token-3"]


async def test_one_that_is_refused_is_replaced(script: StubServer, provider: Provider) -> None:
    script.stream("Subscribe", scripted_streams([REFUSED], LIVE))

    async with laptop(script.target, provider, timing=TIMING) as device:
        await live(device)

    assert script.tokens("Subscribe") == ["token-1", "token-2"]


@pytest.mark.parametrize("said", [EXPIRED, EXPIRED[-1:]], ids=["in an open stream", "at once"])
async def test_without_another_one_it_ends_when_that_expires(
    script: StubServer, said: tuple[Message | Exception, ...]
) -> None:
    script.stream("Subscribe", scripted_streams(said, LIVE))

    async with laptop(script.target, timing=TIMING) as device:
        assert isinstance(await ended(device), Unauthenticated)

    assert len(script.requests("Subscribe")) == 1


async def test_without_another_one_it_comes_back_when_that_is_refused(script: StubServer) -> None:
    """The server may not know yet the key that it was signed with."""
    script.stream("Subscribe", scripted_streams(*[[REFUSED]] * MANY, LIVE))

    async with laptop(script.target, timing=TIMING) as device:
        await live(device)

    assert len(script.requests("Subscribe")) == MANY + 1


async def test_a_provider_that_keeps_giving_what_is_refused_is_asked_more_and_more_seldom(
    script: StubServer,
) -> None:
    """Until it has a better one: its first is replaced at once."""
    refusals = BackoffSpy()
    script.stream("Subscribe", scripted_streams(*[[REFUSED]] * MANY, LIVE))

    async with laptop(script.target, lambda: "the same", timing=Timing(refusal_backoff=refusals)) as device:
        await until(device, lambda device: device.error)
        assert isinstance(device.error, Unauthenticated)
        await live(device)

    assert script.tokens("Subscribe") == ["the same"] * (MANY + 1)
    assert refusals.asked == [*range(1, MANY)]


async def test_a_proxy_that_wants_another_one_gets_it(script: StubServer, provider: Provider) -> None:
    """It checks tokens, too, and has no reason of the service for what it refuses."""
    script.stream("Subscribe", scripted_streams([Fault(grpc.StatusCode.UNAUTHENTICATED)], LIVE))

    async with laptop(script.target, provider, timing=Timing(backoff=Backoff(initial=1000.0))) as device:
        await live(device)

    assert script.tokens("Subscribe") == ["token-1", "token-2"]


async def test_what_is_refused_now_and_then_does_not_add_up(script: StubServer, provider: Provider) -> None:
    script.stream("Subscribe", scripted_streams(*[[REFUSED], EXPIRED] * MANY, LIVE))

    async with laptop(script.target, provider, timing=TIMING) as device:
        await script.until("Subscribe", count=2 * MANY + 1)
        await live(device)

    assert len(set(script.tokens("Subscribe"))) == 2 * MANY + 1


async def test_a_provider_that_fails_is_asked_again(script: StubServer, provider: Provider) -> None:
    """For as long as it takes: an issuer may be away just as a server may."""
    script.stream("Subscribe", scripted_streams(LIVE))
    provider.troubles = [LookupError("no key in the vault")] * (MANY + 3)

    async with laptop(script.target, provider, timing=TIMING) as device:
        await until(device, lambda device: device.error)
        assert isinstance(device.error, Unavailable)
        assert "no key in the vault" in str(device.error)
        await live(device)

    assert script.tokens("Subscribe") == ["token-1"]


async def test_one_that_fails_to_renew(script: StubServer, provider: Provider) -> None:
    script.stream("Subscribe", scripted_streams(EXPIRED, LIVE))

    async def failing_later() -> str:
        token = await provider()
        provider.troubles = [TimeoutError("the issuer did not answer")] if token == "token-1" else []
        return token

    async with laptop(script.target, failing_later, timing=TIMING) as device:
        await script.until("Subscribe", count=2)
        await live(device)

    assert script.tokens("Subscribe") == ["token-1", "token-2"]


async def test_one_that_takes_its_time(script: StubServer, provider: Provider) -> None:
    """It may have to ask the user."""
    script.stream("Subscribe", scripted_streams(LIVE))
    provider.gate.clear()

    async with laptop(script.target, provider, timing=Timing(open_timeout=0.5, backoff=QUICK)) as device:
        await provider.asked.wait()
        await asyncio.sleep(0.7)
        assert (device.status, script.calls) == (Status.OFFLINE, [])
        provider.gate.set()
        await live(device)

    assert provider.given == 1


async def test_one_that_never_answers_does_not_hold_up_the_closing(
    script: StubServer, provider: Provider
) -> None:
    script.stream("Subscribe", scripted_streams(LIVE))
    provider.gate.clear()
    device = laptop(script.target, provider, timing=TIMING)
    await device.open()
    await provider.asked.wait()

    async with asyncio.timeout(TIMEOUT):
        await device.close()

    assert script.calls == []


async def test_a_mark_has_it_renewed_for_all(script: StubServer, provider: Provider) -> None:
    """The stream goes on; its next opening uses the new one."""
    break_up = asyncio.Event()

    async def stream(_: pb.SubscribeRequest) -> AsyncIterator[Message]:
        for message in LIVE:
            yield message
        await break_up.wait()
        raise Fault(grpc.StatusCode.UNAVAILABLE)

    async def mark(_: object) -> Message:
        if script.calls[-1].token == "token-1":
            raise REFUSED
        return Message()

    script.stream("Subscribe", stream)
    script.answer("MarkNotifications", mark)
    async with laptop(script.target, provider, timing=TIMING) as device:
        await live(device)
        assert await device.mark_read("id-1") is not None
        break_up.set()
        await script.until("Subscribe", count=2)

    assert script.tokens("MarkNotifications") == ["token-1", "token-2"]
    assert script.tokens("Subscribe")[:2] == ["token-1", "token-2"]
