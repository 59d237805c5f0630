"""Two calls are under way at a time, and what is sent to one user arrives in the order of the sends."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias

import grpc
import pytest

from tests.sdk.fake_send_service import FakeSendService
from tests.support.stub_server import Fault
from unisono.client import DeadlineExceeded, InvalidRequest, Publisher, SendResult, draft
from unisono.v1 import notification_service_pb2 as pb

Code = grpc.StatusCode
Sending: TypeAlias = "asyncio.Task[SendResult]"


async def sent(publisher: Publisher, user_id: str, title: str, **options: Any) -> Sending:
    """A send that has been handed over, and that has gone if it may go."""
    sending = asyncio.create_task(publisher.send(user_id, title=title, **options))
    for _ in range(5):
        await asyncio.sleep(0)
    return sending


def to_users(count: int) -> list[pb.SendNotificationRequest]:
    return [draft(f"user-{number}", title="x") for number in range(count)]


def carrying(service: FakeSendService, title: str) -> Sequence[Sequence[str]]:
    return [call for call in service.calls if title in call]


async def test_another_user_does_not_wait_for_the_call_under_way(
    publisher: Publisher, service: FakeSendService
) -> None:
    service.held = {"slow": asyncio.Event()}
    slow = await sent(publisher, "ada", "slow")
    await service.called()

    await publisher.send("bob", title="quick")

    assert service.titles == ["quick"]
    service.held["slow"].set()
    await slow


async def test_but_for_a_third_call(publisher: Publisher, service: FakeSendService) -> None:
    service.gate.clear()
    sends = [await sent(publisher, title, title) for title in ("a", "b")]
    await service.called(2)
    sends += [await sent(publisher, title, title) for title in ("c", "d")]

    service.gate.set()
    await asyncio.gather(*sends)

    assert sorted(service.calls[:2]) == [["a"], ["b"]]
    assert service.calls[2:] == [["c", "d"]]


async def test_the_same_user_does(publisher: Publisher, service: FakeSendService) -> None:
    service.held = {"first": asyncio.Event()}
    sends = [await sent(publisher, "ada", "first")]
    await service.called()
    sends += [await sent(publisher, "ada", "second")]
    await publisher.send("bob", title="other")

    service.held["first"].set()
    await asyncio.gather(*sends)

    assert service.calls == [["first"], ["other"], ["second"]]


async def test_also_where_the_call_has_to_be_repeated(publisher: Publisher, service: FakeSendService) -> None:
    service.gate.clear()
    service.faults.extend(Fault(Code.UNAVAILABLE, "OVERLOADED", retry_delay=0.05) for _ in range(2))
    sends = [await sent(publisher, "ada", "first")]
    await service.called()
    sends += [await sent(publisher, "ada", "second")]

    service.gate.set()
    await asyncio.gather(*sends)

    assert service.titles == ["first", "second"]
    assert len(carrying(service, "first")) == 3


async def test_also_where_it_alone_has_to_be_repeated(publisher: Publisher, service: FakeSendService) -> None:
    service.held = {"first": asyncio.Event()}
    service.bad = {"first": deque([Fault(Code.UNAVAILABLE, "OUTCOME_UNKNOWN", retry_delay=0.05)])}
    both = [draft("ada", title="first"), draft("bob", title="of Bob")]
    batch = asyncio.create_task(publisher.batch(both))
    await service.called()
    second = await sent(publisher, "ada", "second")

    service.held["first"].set()
    await asyncio.gather(batch, second)

    assert service.titles == ["of Bob", "first", "second"]


async def test_others_of_its_call_do_not_wait_for_the_repeat(
    publisher: Publisher, service: FakeSendService
) -> None:
    service.bad = {"stuck": deque([Fault(Code.UNAVAILABLE, "OVERLOADED", retry_delay=1000)])}
    both = [draft("ada", title="stuck"), draft("bob", title="1")]
    stuck = asyncio.create_task(publisher.batch(both, timeout=3000))
    await service.called()

    for title in ("2", "3"):
        await publisher.send("bob", title=title)

    assert service.titles == ["1", "2", "3"]
    stuck.cancel()


async def test_half_of_a_call_that_is_split_does_not_overtake_the_other(
    publisher: Publisher, service: FakeSendService
) -> None:
    service.raised = "bad"
    service.faults.append(Fault(Code.UNAVAILABLE))
    service.bad = {"3": deque([Fault(Code.INVALID_ARGUMENT, "INVALID_REQUEST")])}
    drafts = [draft("ada", title=title, group_name="bad" if title == "3" else "") for title in "0123"]

    outcomes = await publisher.batch(drafts)

    assert [type(one) for one in outcomes] == [SendResult, SendResult, SendResult, InvalidRequest]
    assert service.titles == ["0", "1", "2"]


async def test_a_caller_that_gives_up_does_not_let_others_overtake(
    publisher: Publisher, service: FakeSendService
) -> None:
    """What is under way may still be done."""
    service.held = {"first": asyncio.Event()}
    first = await sent(publisher, "ada", "first")
    await service.called()
    first.cancel()
    second = await sent(publisher, "ada", "second")

    service.held["first"].set()
    await second

    assert service.titles == ["first", "second"]


async def test_many_share_two_calls_and_few_one(publisher: Publisher, service: FakeSendService) -> None:
    await publisher.batch(to_users(100))
    await publisher.batch(to_users(20))

    assert [len(call) for call in service.calls] == [50, 50, 20]


async def test_what_is_for_one_user_is_not_shared(publisher: Publisher, service: FakeSendService) -> None:
    await publisher.batch(draft("ada", title="x") for _ in range(100))

    assert [len(call) for call in service.calls] == [100]


async def test_a_few_wait_for_many_that_are_under_way(publisher: Publisher, service: FakeSendService) -> None:
    service.gate.clear()
    many = asyncio.create_task(publisher.batch(to_users(20)))
    await service.called()
    few = [await sent(publisher, title, title) for title in ("a", "b", "c")]

    service.gate.set()
    await asyncio.gather(many, *few)

    assert service.calls[1:] == [["a", "b", "c"]]


async def test_a_user_with_many_does_not_hold_up_another(
    publisher: Publisher, service: FakeSendService
) -> None:
    service.held = {"many": asyncio.Event()}
    drafts = [draft("ada", title="many") for _ in range(2500)]
    many = asyncio.create_task(publisher.batch(drafts))
    await service.called()

    await publisher.send("bob", title="one")

    assert service.titles == ["one"]
    service.held["many"].set()
    await many
    assert [len(call) for call in service.calls] == [1000, 1, 1000, 500]


async def test_whom_a_call_has_no_room_for_is_first_in_the_next(
    publisher: Publisher, service: FakeSendService
) -> None:
    service.gate.clear()
    sends = [await sent(publisher, title, title) for title in ("x", "y")]
    await service.called(2)
    drafts = [draft("ada", title="x") for _ in range(1000)]
    full = asyncio.create_task(publisher.batch(drafts))
    await asyncio.sleep(0)
    sends += [await sent(publisher, title, title) for title in ("a", "b", "c")]

    service.gate.set()
    await asyncio.gather(full, *sends)

    assert service.calls[3] == ["a", "b", "c"]


@pytest.mark.parametrize("user_id", ["eve", "ada"])
async def test_calls_end_with_the_deadlines_of_what_they_carry(
    publisher: Publisher, service: FakeSendService, user_id: str
) -> None:
    """Also two that no server answers; then others go, also of the same user."""
    service.held = {"a": asyncio.Event(), "b": asyncio.Event()}
    hurried = [await sent(publisher, "ada", "a", timeout=1.0), await sent(publisher, "bob", "b", timeout=1.0)]
    await service.called(2)

    await publisher.send(user_id, title="patient")

    outcomes = await asyncio.gather(*hurried, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DeadlineExceeded, DeadlineExceeded]
    assert service.titles == ["patient"]
