"""A run brings everything that is to be judged, touches nothing else, and says who got stuck."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from typing import TypeVar

import pytest
from google.protobuf.message import Message

from unisono.client import Method, Publisher, ReadState, ServerTooOld, Transport
from unisono.client._wire.contract_levels import NEWEST, field_above
from unisono.client.testing import FakeService
from unisono.verify.load import run as runs
from unisono.verify.load.access import Access
from unisono.verify.load.cleanup import remove_all
from unisono.verify.load.preflight import CONTRACT_LEVEL, OlderServer, check_tokens
from unisono.verify.load.run import LoadOptions, NotConverged, run
from unisono.verify.recording import Recorder, steady_clock
from unisono.verify.verdicts import Outcome, verdicts

USERS = ("ada", "bob")
PREFIX = "test-run-"
LOAD = LoadOptions(users=USERS, seconds=1.5, rate=100, seed=1, prefix=PREFIX)

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class Mute:
    """A way on which calls are answered, and streams bring nothing."""

    def __init__(self, transport: Transport) -> None:
        self.unary = transport.unary
        self.close = transport.close

    async def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        await asyncio.Event().wait()
        yield method.response()


class Slow:
    """A way on which what has begun to be sent is done, later, whether anybody waits for it or not."""

    def __init__(self, transport: Transport) -> None:
        self.begun, self.gate = asyncio.Event(), asyncio.Event()
        self.stream = transport.stream
        self.close = transport.close
        self._transport = transport

    async def unary(
        self,
        method: Method[Request, Response],
        request: Request,
        *,
        token: str,
        timeout: float | None,
    ) -> Response:
        answer = self._transport.unary(method, request, token=token, timeout=timeout)
        if "Send" not in method.path:
            return await answer
        self.begun.set()
        return await asyncio.shield(asyncio.create_task(self._later(answer)))

    async def _later(self, answer: Awaitable[Response]) -> Response:
        await self.gate.wait()
        return await answer


class Heard:
    """A way that keeps the requests which it carries."""

    def __init__(self, transport: Transport) -> None:
        self.requests: list[Message] = []
        self.close = transport.close
        self._transport = transport

    async def unary(
        self,
        method: Method[Request, Response],
        request: Request,
        *,
        token: str,
        timeout: float | None,
    ) -> Response:
        self.requests.append(request)
        return await self._transport.unary(method, request, token=token, timeout=timeout)

    def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        self.requests.append(request)
        return self._transport.stream(method, request, token=token)


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def access(service: FakeService) -> Access:
    return Access(app_id="app.test", backend=service.app_token(), user=service.user_token)


def told(_: str, __: float) -> None:
    """Nobody looks."""


async def test_everything_is_there_to_be_judged_and_then_nothing_is_left(
    service: FakeService, access: Access
) -> None:
    # Given a user who has a notification
    async with Publisher(service.transport, service.app_token()) as publisher:
        sent = await publisher.send("ada", title="Her own")
        # When there is a run, and what it left is removed
        recorder = Recorder(steady_clock())
        users = {user: service.user_token(user) for user in USERS}
        assert await check_tokens(lambda: service.transport, service.app_token(), users, PREFIX) == "app.test"
        await run(lambda: service.transport, access, LOAD, recorder, told)
        during = await publisher.list_endpoints("ada")
        await remove_all(lambda: service.transport, access, USERS, PREFIX)
        # Then hers is as it was, and nothing else is there
        (left,) = [row async for row in publisher.list("ada")]
        assert (left.id, left.revision, left.read_state) == (sent.id, sent.revision, ReadState.UNREAD)
        assert {row.endpoint_id for row in during} == {f"{PREFIX}{kind}" for kind in ("linux", "ios", "web")}
        assert await publisher.list_endpoints("ada") == await publisher.list_endpoints("bob") == ()
    # And all can be judged but what is seen inside a server
    outcomes = {verdict.promise: verdict.outcome for verdict in verdicts(recorder.history)}
    unseen = {promise for promise, outcome in outcomes.items() if outcome is Outcome.NOT_JUDGED}
    assert unseen == {"Bounded", "Drained", "Fair"}
    assert Outcome.BROKEN not in outcomes.values()


async def test_a_server_that_lacks_what_is_judged_is_left_alone(service: FakeService) -> None:
    service.fail(ServerTooOld("there is no such method"), method="GetServerInfo")
    users = {user: service.user_token(user) for user in USERS}

    with pytest.raises(OlderServer):
        await check_tokens(lambda: service.transport, service.app_token(), users, PREFIX)

    async with Publisher(service.transport, service.app_token()) as publisher:
        assert await publisher.list_endpoints("ada") == ()
        assert (await publisher.get_feed("ada")).last_revision == 0


async def test_all_that_is_sent_is_asked_for(service: FakeService, access: Access) -> None:
    heard = Heard(service.transport)

    await run(lambda: heard, access, LOAD, Recorder(steady_clock()), told)

    above = {level: any(field_above(request, level) for request in heard.requests) for level in range(NEWEST)}
    assert above == {level: level < CONTRACT_LEVEL for level in range(NEWEST)}


async def test_a_run_without_faults_cuts_nothing(service: FakeService, access: Access) -> None:
    recorder = Recorder(steady_clock())
    load = LoadOptions(users=USERS, seconds=0.1, rate=200, seed=1, prefix=PREFIX, faults=False)
    await run(lambda: service.transport, access, load, recorder, told)
    assert recorder.history.annotations == []
    assert {stream.code for stream in recorder.history.streams} == {""}
    assert {call.code for call in recorder.history.calls if call.method == "SendNotification"} == {"OK"}


async def test_what_is_under_way_when_it_is_ended_is_waited_for(service: FakeService, access: Access) -> None:
    """It would come after what is left has been removed, and stay."""
    way = Slow(service.transport)
    running = asyncio.create_task(run(lambda: way, access, LOAD, Recorder(steady_clock()), told))
    await way.begun.wait()

    running.cancel()
    await asyncio.wait([running], timeout=0.1)
    assert not running.done()
    way.gate.set()
    await asyncio.wait([running])
    await remove_all(lambda: service.transport, access, USERS, PREFIX)

    assert [row for user in USERS for row in service.notifications(user, app_id="app.test")] == []


async def test_who_gets_stuck_is_named(
    service: FakeService, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "OPENING", 0.1)
    with pytest.raises(NotConverged, match=r"after 0\.1 s test-run-linux is offline at revision 0"):
        await run(lambda: Mute(service.transport), access, LOAD, Recorder(steady_clock()), told)
