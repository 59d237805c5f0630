"""A publisher's access token: fixed or provided, renewed once for all when it is refused."""

import asyncio
from collections.abc import Callable

import grpc
import pytest

from tests.sdk.backoffs import QUICK
from tests.support.stub_server import Fault, StubServer
from unisono.client import DeadlineExceeded, Publisher, Unauthenticated, draft
from unisono.client._wire.tokens import TokenSource
from unisono.v1 import notification_service_pb2 as pb


class Issuer:
    """Gives out tokens by number, from 1; all below `valid` are refused by the server."""

    def __init__(self, script: StubServer) -> None:
        self.valid = 1
        self.given = 0
        self.trouble: Exception | None = None
        self._script = script
        script.answer("GetNotification", self._get)
        script.answer("SendNotification", self._get)

    async def give_later(self) -> str:
        await asyncio.sleep(0.005)
        return self.give()

    def give(self) -> str:
        if self.trouble is not None:
            raise self.trouble
        self.given += 1
        return f"token-{self.given}"

    async def _get(self, _: object) -> pb.GetNotificationResponse:
        if self._script.calls[-1].token not in {f"token-{n}" for n in range(self.valid, self.given + 1)}:
            raise Fault(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
        return pb.GetNotificationResponse()


@pytest.fixture
def issuer(script: StubServer) -> Issuer:
    return Issuer(script)


def publisher_with(script: StubServer, source: TokenSource) -> Publisher:
    return Publisher(script.target, source, backoff=QUICK)


async def test_a_fixed_token_is_sent_and_never_replaced(script: StubServer, issuer: Issuer) -> None:
    async with publisher_with(script, "fixed") as publisher:
        with pytest.raises(Unauthenticated):
            await publisher.get("ada", "x")

    assert script.tokens("GetNotification") == ["fixed"]


@pytest.mark.parametrize("give", [Issuer.give, Issuer.give_later])
async def test_a_provider_is_asked_once_for_all(
    script: StubServer, issuer: Issuer, give: Callable[[Issuer], str]
) -> None:
    async with publisher_with(script, lambda: give(issuer)) as publisher:
        await asyncio.gather(*(publisher.get("ada", "x") for _ in range(10)))
        await publisher.get("ada", "x")

    assert issuer.given == 1
    assert script.tokens("GetNotification") == ["token-1"] * 11


@pytest.mark.parametrize("give", [Issuer.give, Issuer.give_later])
async def test_a_refused_token_is_renewed_once_for_all(
    script: StubServer, issuer: Issuer, give: Callable[[Issuer], str]
) -> None:
    async with publisher_with(script, lambda: give(issuer)) as publisher:
        await publisher.get("ada", "x")
        issuer.valid = 2

        await asyncio.gather(*(publisher.get("ada", "x") for _ in range(10)))
        await publisher.send("ada", title="Hello")

    assert issuer.given == 2
    assert script.tokens("GetNotification").count("token-1") == 11
    assert script.tokens("SendNotification") == ["token-2"]


async def test_a_provider_without_a_better_token(script: StubServer, issuer: Issuer) -> None:
    """It is asked again while there is time: its next one may be good."""
    async with publisher_with(script, lambda: "the same") as publisher:
        with pytest.raises(Unauthenticated):
            await publisher.get("ada", "x", timeout=1)
        with pytest.raises(Unauthenticated):
            await publisher.send("ada", title="Hello", timeout=1)

    for method in ("GetNotification", "SendNotification"):
        assert set(script.tokens(method)) == {"the same"}
        assert len(script.tokens(method)) > 2


async def test_a_provider_that_has_a_better_one_later(script: StubServer, issuer: Issuer) -> None:
    """Its issuer's cache was stale for a while, or the server did not know its new key."""
    issuer.valid = 7
    async with publisher_with(script, issuer.give) as publisher:
        await asyncio.gather(publisher.get("ada", "x"), publisher.send("ada", title="Hello"))

    assert script.calls[-1].token == f"token-{issuer.given}"
    assert issuer.given >= issuer.valid


async def test_what_a_provider_raises_is_seen_by_all_who_wait(script: StubServer, issuer: Issuer) -> None:
    issuer.trouble = LookupError("no key in the vault")
    async with publisher_with(script, issuer.give_later) as publisher:
        for outcome in await asyncio.gather(
            publisher.get("ada", "x"),
            publisher.send("ada", title="Hello"),
            publisher.batch([draft("ada", title="a"), draft("ada", title="b")]),
            return_exceptions=True,
        ):
            for error in outcome if isinstance(outcome, list) else [outcome]:
                assert isinstance(error, LookupError)
        assert script.calls == []

        # And it may come to its senses.
        issuer.trouble = None
        await publisher.send("ada", title="Hello")


async def test_a_provider_that_fails_to_renew(script: StubServer, issuer: Issuer) -> None:
    async with publisher_with(script, issuer.give) as publisher:
        await publisher.get("ada", "x")
        issuer.valid, issuer.trouble = 2, LookupError("no key in the vault")

        with pytest.raises(LookupError):
            await publisher.get("ada", "x")
        with pytest.raises(LookupError):
            await publisher.get("ada", "x")

        issuer.trouble = None
        await publisher.get("ada", "x")

    # The refused token was not tried a second time.
    assert script.tokens("GetNotification") == ["token-1", "token-1", "token-2"]


async def test_a_provider_that_takes_too_long(script: StubServer, issuer: Issuer) -> None:
    gate = asyncio.Event()

    async def slow() -> str:
        await gate.wait()
        return issuer.give()

    async with publisher_with(script, slow) as publisher:
        outcomes = await asyncio.gather(
            publisher.get("ada", "x", timeout=0.05),
            publisher.send("ada", title="Hello", timeout=0.05),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [DeadlineExceeded, DeadlineExceeded]

        gate.set()
        await publisher.send("ada", title="Hello")


async def test_a_timeout_of_the_provider_is_its_own(script: StubServer, issuer: Issuer) -> None:
    issuer.trouble = TimeoutError("the issuer did not answer")
    async with publisher_with(script, issuer.give) as publisher:
        with pytest.raises(TimeoutError, match="the issuer"):
            await publisher.get("ada", "x")
