"""Subscribe, message by message: how a stream starts, beats and ends."""

from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from tests.support import tokens
from tests.support.api_client import ApiClient, titled
from tests.support.clocks import FakeClock
from tests.support.devices import Device
from tests.support.nodes import Running
from unisono.client import from_rpc_error
from unisono.v1 import feed_service_pb2 as pb


def kinds(device: Device) -> list[str | None]:
    """What each message said."""
    return [message.WhichOneof("message") for message in device.held.messages]


@pytest.fixture
def device(held: Running, user_id: str) -> Device:
    """A device of the same user."""
    return Device(held.user(user_id), "phone")


@pytest.mark.parametrize(
    "start", [{}, {"start_position": 0}, {"start_position": pb.START_POSITION_BEGINNING}], ids=str
)
async def test_a_start_from_the_beginning_brings_all_without_a_ring(
    backend: ApiClient, device: Device, start: dict[str, Any]
) -> None:
    ids = [(await backend.send()).id for _ in range(2)]
    await device.connect(**start)
    await device.disconnect()
    assert kinds(device) == ["welcome", "event_batch", "synced"]
    assert not device.held.messages[0].welcome.resumed
    assert [message.complete for message in device.held.messages] == [False, False, True]
    assert list(device.held.notifications) == ids
    assert device.held.rung == []
    assert (device.held.revision, device.held.unread_count) == (2, 2)


async def test_a_start_from_the_end_brings_what_comes(backend: ApiClient, device: Device) -> None:
    old = await backend.send()
    await device.connect(start_position=pb.START_POSITION_END)
    assert kinds(device) == ["welcome", "synced"]
    assert (device.held.revision, device.held.unread_count) == (1, 1)
    new = await backend.send()
    await device.at(2)
    await backend.update(old.id, content={"payload": titled("After")})
    await device.at(3)
    await device.disconnect()
    assert device.held.rung == [(new.id, 2), (old.id, 3)]


async def test_a_resumed_stream_brings_the_net_state(backend: ApiClient, device: Device) -> None:
    first, second = await backend.send(), await backend.send()
    await device.connect()
    await device.disconnect()
    await backend.delete(first.id)
    for title in ("Once", "Twice"):
        await backend.update(second.id, content={"payload": titled(title)})
    await device.connect()
    await device.disconnect()
    assert kinds(device) == ["welcome", "event_batch", "synced"]
    assert device.held.messages[0].welcome.resumed
    assert [(e.revision, e.removed) for e in device.held.messages[1].event_batch.events] == [
        (3, True),
        (5, False),
    ]
    assert device.held.notifications[second.id].payload == titled("Twice")


@pytest.mark.parametrize(
    ("asked", "kept"),
    [(None, 30), (1, 5), (5, 5), (60, 60), (300, 300), (3600, 300)],
)
async def test_the_heartbeat_is_agreed_in_the_welcome(
    held: Running, user_id: str, asked: int | None, kept: int
) -> None:
    fields = {} if asked is None else {"heartbeat_interval": Duration(seconds=asked)}
    message = await ApiClient(held.user(user_id), endpoint_id="phone").welcome(**fields)
    assert message.welcome.heartbeat_interval == Duration(seconds=kept)
    assert message.welcome.session_id
    assert message.resume_token


async def test_an_idle_stream_beats_and_moves_past_what_is_meant_for_others(
    backend: ApiClient, device: Device, clock: FakeClock
) -> None:
    await device.connect(heartbeat_interval=Duration(seconds=10))
    await backend.send(target_policy={"endpoint_ids": ["laptop"]})
    clock.advance(10)
    await device.at(1)
    clock.advance(10)
    await device.until(lambda held: held.messages[-1].WhichOneof("message") == "heartbeat")
    await device.disconnect()
    assert set(kinds(device)[2:]) == {"heartbeat"}
    assert not device.held.notifications
    assert (device.held.revision, device.held.unread_count) == (1, 0)


async def ending(device: Device) -> tuple[str, str, str, bool]:
    """How a stream ended: code, reason, goodbye, and whether to come back by itself."""
    error = await device.ended()
    goodbye = device.held.messages[-1].goodbye
    explanation = from_rpc_error(error)
    reason = pb.GoodbyeReason.Name(goodbye.reason).removeprefix("GOODBYE_REASON_")
    assert (explanation.retry_delay is not None) == goodbye.HasField("retry_delay")
    return error.code().name, explanation.reason, reason, goodbye.HasField("retry_delay")


async def test_a_newer_stream_of_the_endpoint_takes_over(device: Device, backend: ApiClient) -> None:
    await device.connect()
    newer = await Device(device.client, "phone").connect()
    assert await ending(device) == ("ABORTED", "SUPERSEDED", "SUPERSEDED", False)
    await backend.send()
    await newer.at(1)
    await newer.disconnect()


async def test_a_stream_of_another_endpoint_does_not(device: Device, backend: ApiClient) -> None:
    await device.connect()
    other = await Device(device.client, "laptop").connect()
    await backend.send()
    for each in (device, other):
        await each.at(1)
        await each.disconnect()


async def test_a_stream_ends_with_its_token(held: Running, clock: FakeClock, user_id: str) -> None:
    token = tokens.device(user_id, exp=clock.now() // 1000 + 60)
    device = await Device(held.client(token), "phone").connect()
    clock.advance(60)
    assert await ending(device) == ("UNAUTHENTICATED", "TOKEN_EXPIRED", "TOKEN_EXPIRED", False)


async def test_a_stream_ends_at_its_age(device: Device, clock: FakeClock) -> None:
    await device.connect()
    clock.advance(20 * 60)
    assert await ending(device) == ("UNAVAILABLE", "SESSION_AGE", "SESSION_AGE", True)


async def test_after_a_goodbye_a_device_continues_where_it_was(
    device: Device, backend: ApiClient, clock: FakeClock
) -> None:
    await device.connect()
    clock.advance(20 * 60)
    await device.ended()
    result = await backend.send()
    again = Device(device.client, "phone", device.held)
    await again.connect()
    await again.disconnect()
    assert again.held.messages[0].welcome.resumed
    assert again.held.rung == [(result.id, 1)]


async def test_a_stream_that_a_device_cuts_ends_for_the_server_too(
    device: Device, held: Running, clock: FakeClock
) -> None:
    await device.connect()
    await device.disconnect()
    caller = ApiClient(device.client, endpoint_id="phone")
    while (await caller.endpoint()).connected:
        clock.advance(1)
    with pytest.raises(grpc.aio.AioRpcError):
        await caller.endpoint(endpoint_id="laptop")
