"""Sends that are in flight together travel together, in order, and each gets what is its own."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Iterable
from typing import Any

import grpc
import pytest

from tests.sdk.fake_send_service import SENDS, FakeSendService
from tests.support.nodes import Running
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    DeadlineExceeded,
    InternalError,
    InvalidRequest,
    Key,
    KeyConflict,
    Publisher,
    QuotaExceeded,
    SendResult,
    ServerTooOld,
    Unavailable,
    draft,
)
from unisono.v1 import notification_service_pb2 as pb

Code = grpc.StatusCode


async def under_way(publisher: Publisher, titles: Iterable[str]) -> "list[asyncio.Task[SendResult]]":
    """Sends by as many callers, which have all been handed over."""
    tasks = [asyncio.create_task(publisher.send("ada", title=title)) for title in titles]
    await asyncio.sleep(0)
    return tasks


async def first_in_flight(publisher: Publisher, service: FakeSendService) -> "asyncio.Task[SendResult]":
    """A send whose call waits at the server."""
    service.gate.clear()
    (first,) = await under_way(publisher, ["first"])
    await service.called()
    return first


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


async def test_the_first_goes_at_once_and_the_others_together(
    publisher: Publisher, service: FakeSendService
) -> None:
    first = await first_in_flight(publisher, service)
    others = await under_way(publisher, numbers(20))

    service.gate.set()
    results = await asyncio.gather(first, *others)

    assert service.calls == [["first"], numbers(20)]
    assert [result.id for result in results] == [f"id of {r.app_notification_id}" for r in results]
    assert [service.stored[result.app_notification_id] for result in results] == list(service.stored.values())


async def test_one_after_the_other_each_goes_at_once(publisher: Publisher, service: FakeSendService) -> None:
    for title in ("a", "b", "c"):
        await publisher.send("ada", title=title)

    assert service.calls == [["a"], ["b"], ["c"]]


async def test_a_batch_has_an_outcome_for_each_in_order(
    publisher: Publisher, service: FakeSendService
) -> None:
    service.bad = {"1": deque([Fault(Code.ALREADY_EXISTS, "KEY_CONFLICT")])}

    outcomes = await publisher.batch(draft("ada", title=title) for title in numbers(3))

    assert [type(outcome) for outcome in outcomes] == [SendResult, KeyConflict, SendResult]


async def test_an_empty_batch_is_no_call(publisher: Publisher, service: FakeSendService) -> None:
    assert await publisher.batch([]) == []
    assert service.calls == []


async def test_each_error_reaches_the_caller_whose_it_is(
    publisher: Publisher, service: FakeSendService
) -> None:
    service.bad = {
        "1": deque([Fault(Code.INVALID_ARGUMENT, "INVALID_REQUEST")]),
        "2": deque([Fault(Code.RESOURCE_EXHAUSTED, "LIVE_NOTIFICATIONS_EXCEEDED")]),
    }
    first = await first_in_flight(publisher, service)
    others = await under_way(publisher, numbers(4))

    service.gate.set()
    outcomes = await asyncio.gather(first, *others, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [
        SendResult,
        SendResult,
        InvalidRequest,
        QuotaExceeded,
        SendResult,
    ]
    assert len(service.calls) == 2


async def test_only_the_one_that_may_pass_is_repeated(publisher: Publisher, service: FakeSendService) -> None:
    service.bad = {"1": deque([Fault(Code.UNAVAILABLE, "OUTCOME_UNKNOWN", retry_delay=0.01)])}

    await publisher.batch(draft("ada", title=title) for title in numbers(3))

    assert service.calls == [numbers(3), ["1"]]


async def test_a_batch_that_is_refused_is_split_until_the_culprit_is_alone(
    publisher: Publisher, service: FakeSendService
) -> None:
    service.raised = "bad"
    service.bad = {"13": deque([Fault(Code.INVALID_ARGUMENT, "INVALID_REQUEST")])}
    drafts = [draft("ada", title=t, group_name="bad" if t == "13" else "good") for t in numbers(21)]

    outcomes = await publisher.batch(drafts)

    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Exception)] == [13]
    assert service.titles == [title for title in numbers(21) if title != "13"]
    assert [call for call in service.calls if "13" in call][-1] == ["13"]
    assert len(service.calls) < 12


@pytest.mark.parametrize("trouble", ["the first is in time", "the first has to be repeated"])
async def test_equal_keys_act_in_order(publisher: Publisher, service: FakeSendService, trouble: str) -> None:
    """Also where the one before has to be repeated: the one after must not overtake it."""
    if trouble == "the first has to be repeated":
        passing = Fault(Code.UNAVAILABLE, "OUTCOME_UNKNOWN", retry_delay=0.01)
        service.bad = {"1": deque([passing])}
    wanted = [("x", "0"), ("key", "1"), ("key", "2"), ("y", "3"), ("key", "4")]

    await publisher.batch(
        draft("ada", title=title, app_notification_id=key, replace=True) for key, title in wanted
    )

    sent = [title for call in service.calls for title in call if title in "124"]
    assert sent == (["1", "2", "4"] if "in time" in trouble else ["1", "1", "2", "4"])


async def test_the_last_of_equal_keys_is_what_remains(node: Running, backend: Publisher) -> None:
    drafts = [draft("ada", title=t, app_notification_id="key", replace=True) for t in numbers(5)]
    drafts.append(draft("bob", title="Bob's", app_notification_id="key"))

    outcomes = await backend.batch(drafts)

    assert [one.revision for one in outcomes if isinstance(one, SendResult)] == [1, 2, 3, 4, 5, 1]
    assert (await backend.get("ada", Key("key"))).title == "4"


async def test_a_caller_that_gives_up_harms_nobody(publisher: Publisher, service: FakeSendService) -> None:
    first = await first_in_flight(publisher, service)
    gone, stays = await under_way(publisher, ["gone", "stays"])

    gone.cancel()
    first.cancel()
    await asyncio.wait([gone, first])
    service.gate.set()

    assert (await stays).id
    assert service.calls == [["first"], ["stays"]]


async def test_nothing_of_a_batch_goes_for_a_caller_that_gave_up(
    publisher: Publisher, service: FakeSendService
) -> None:
    first = await first_in_flight(publisher, service)
    drafts = [draft("ada", title="gone") for _ in range(3)]
    gone = asyncio.create_task(publisher.batch(drafts))
    (stays,) = await under_way(publisher, ["stays"])

    gone.cancel()
    await asyncio.wait([gone])
    service.gate.set()
    await asyncio.gather(first, stays)

    assert service.calls == [["first"], ["stays"]]


async def test_a_caller_in_a_hurry_is_not_held_up_by_others(
    publisher: Publisher, service: FakeSendService
) -> None:
    """Who were held up would be for ever: the others wait until this one is through."""
    first = await first_in_flight(publisher, service)

    with pytest.raises(DeadlineExceeded):
        await publisher.send("ada", title="hurry", timeout=0.05)

    service.gate.set()
    await first
    assert service.titles == ["first"]


async def test_what_waits_for_a_server_goes_when_it_is_back(
    publisher: Publisher, service: FakeSendService
) -> None:
    service.faults.extend(Fault(Code.UNAVAILABLE) for _ in range(3))
    (first,) = await under_way(publisher, ["first"])
    await service.called(1)
    others = await under_way(publisher, numbers(3))

    await asyncio.gather(first, *others)

    assert sorted(service.titles) == [*numbers(3), "first"]
    assert len(service.calls) <= 5


async def test_a_server_that_answers_with_too_few_results(publisher: Publisher, script: StubServer) -> None:
    async def short(_: object) -> pb.BatchSendNotificationsResponse:
        return pb.BatchSendNotificationsResponse(results=[pb.BatchSendResult()])

    script.answer("BatchSendNotifications", short)

    outcomes = await publisher.batch([draft("ada", title="a"), draft("ada", title="b")])

    assert [type(outcome) for outcome in outcomes] == [InternalError, InternalError]
    assert len(script.requests(*SENDS)) == 1


async def test_all_callers_learn_that_the_server_is_away(
    publisher: Publisher, service: FakeSendService
) -> None:
    service.faults.extend(Fault(Code.UNAVAILABLE, retry_delay=3600) for _ in range(10))
    sends: list[Coroutine[Any, Any, SendResult]] = [
        publisher.send("ada", title=title, timeout=3000) for title in numbers(10)
    ]

    outcomes = await asyncio.gather(*sends, return_exceptions=True)

    assert {type(outcome) for outcome in outcomes} == {Unavailable}


async def test_one_of_a_batch_that_the_server_does_not_know_harms_no_other(
    publisher: Publisher, script: StubServer, service: FakeSendService
) -> None:
    script.knows(None)
    drafts = [draft("ada", title=f"{n}", silent=n % 3 == 0) for n in range(30)]

    outcomes = await publisher.batch(drafts)

    for n, outcome in enumerate(outcomes):
        assert isinstance(outcome, SendResult if n % 3 else ServerTooOld)
    assert service.calls == [[f"{n}" for n in range(30) if n % 3]]
    assert len(script.requests("GetServerInfo")) == 1


async def test_a_batch_of_which_the_server_knows_nothing_is_not_sent(
    publisher: Publisher, script: StubServer, service: FakeSendService
) -> None:
    script.knows(None)

    outcomes = await publisher.batch([draft("ada", title="x", silent=True) for _ in range(3)])

    assert [type(outcome) for outcome in outcomes] == [ServerTooOld] * 3
    assert service.calls == []
