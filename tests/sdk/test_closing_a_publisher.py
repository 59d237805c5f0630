"""A publisher that is closed gives up what is under way, and says so to whoever waits for it, at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import pytest

from tests.sdk.backoffs import QUICK
from tests.sdk.fake_send_service import SENDS, FakeSendService
from tests.support.stub_server import Fault, StubServer
from unisono.client import Backoff, Publisher, UnisonoError, create_transport

Call = Callable[[Publisher], Awaitable[object]]


async def send(publisher: Publisher, user_id: str = "ada") -> object:
    return await publisher.send(user_id, title="Hello", timeout=3000)


async def get(publisher: Publisher) -> object:
    return await publisher.get("ada", "some-id", timeout=3000)


async def first_of_list(publisher: Publisher) -> object:
    return await anext(publisher.list("ada", timeout=3000))


CALLS = {"SendNotification": send, "GetNotification": get, "ListNotifications": first_of_list}


@pytest.fixture
async def hanging(script: StubServer) -> AsyncIterator[Publisher]:
    """A publisher at a server that answers to nothing."""
    never = asyncio.Event()

    async def silent(_: object) -> None:
        await never.wait()

    for method in CALLS:
        script.answer(method, silent)  # type: ignore[arg-type]  # it never returns
    async with Publisher(script.target, "a token", backoff=QUICK) as publisher:
        yield publisher


def was_closed(error: object) -> bool:
    return isinstance(error, UnisonoError) and error.code is grpc.StatusCode.CANCELLED


@pytest.mark.parametrize("method", CALLS)
async def test_a_call_under_way_is_given_up(hanging: Publisher, script: StubServer, method: str) -> None:
    call = asyncio.ensure_future(CALLS[method](hanging))
    await script.until(method)

    await hanging.close()

    assert was_closed((await asyncio.gather(call, return_exceptions=True))[0])


async def test_so_are_the_sends_that_wait_for_their_turn(hanging: Publisher, script: StubServer) -> None:
    sends = [asyncio.ensure_future(send(hanging))]
    await script.until("SendNotification")
    sends += [asyncio.ensure_future(send(hanging)) for _ in range(5)]
    await asyncio.sleep(0)

    await hanging.close()

    assert all(map(was_closed, await asyncio.gather(*sends, return_exceptions=True)))
    assert len(script.requests(*SENDS)) == 1


async def test_so_are_two_calls_and_all_that_waits(hanging: Publisher, script: StubServer) -> None:
    sends = []
    for user in ("ada", "bob"):
        sends.append(asyncio.ensure_future(send(hanging, user)))
        await script.until("SendNotification", count=len(sends))
    sends += [asyncio.ensure_future(send(hanging, user)) for user in ("ada", "bob", "eve")]
    await asyncio.sleep(0)

    await hanging.close()

    assert all(map(was_closed, await asyncio.gather(*sends, return_exceptions=True)))
    assert len(script.requests(*SENDS)) == 2


async def test_so_are_those_that_were_only_just_made(hanging: Publisher, script: StubServer) -> None:
    sends = [asyncio.ensure_future(send(hanging)) for _ in range(3)]
    await asyncio.sleep(0)

    await hanging.close()

    assert all(map(was_closed, await asyncio.gather(*sends, return_exceptions=True)))
    assert script.requests(*SENDS) == []


async def test_and_those_that_wait_to_be_repeated(script: StubServer, service: FakeSendService) -> None:
    service.faults.append(Fault(grpc.StatusCode.UNAVAILABLE))
    publisher = Publisher(script.target, "a token", backoff=Backoff(initial=1000.0, maximum=1000.0))
    sending = asyncio.ensure_future(send(publisher))
    await service.called()
    await asyncio.sleep(0.01)

    await publisher.close()

    assert was_closed((await asyncio.gather(sending, return_exceptions=True))[0])


@pytest.mark.parametrize("method", CALLS)
async def test_nothing_can_be_called_any_more(hanging: Publisher, script: StubServer, method: str) -> None:
    await hanging.close()
    await hanging.close()

    with pytest.raises(UnisonoError, match="closed") as raised:
        await CALLS[method](hanging)

    assert was_closed(raised.value)
    assert script.calls == []


async def test_a_transport_of_the_callers_stays_open(script: StubServer, service: FakeSendService) -> None:
    transport = create_transport(script.target)
    for title in ("a", "b"):
        async with Publisher(transport, "a token") as publisher:
            await publisher.send("ada", title=title)

    assert service.titles == ["a", "b"]
    await transport.close()


async def test_who_is_cancelled_is_cancelled(hanging: Publisher, script: StubServer) -> None:
    """Also when everything is closed at the same moment."""
    call = asyncio.ensure_future(get(hanging))
    await script.until("GetNotification")

    call.cancel()
    await hanging.close()

    with pytest.raises(asyncio.CancelledError):
        await call
