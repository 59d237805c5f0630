"""Devices that are lost, and devices that sign out: who may be back under the same id, and who is told so."""

from datetime import timedelta
from typing import Any

import pytest

from tests.client.conftest import Serve
from tests.client.streams import caught_up, raised, stream
from tests.client.test_endpoints import DAY, IOS, LINUX, get, register
from tests.support.services import OTHER_APP, Service
from unisono.client import EndpointDeleted, InvalidRequest, NotFound, Publisher, UnisonoError
from unisono.client._wire.methods import ACKNOWLEDGE, DELETE_ENDPOINT, LIST, LIST_ENDPOINTS, MARK
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as service_pb

STARTS: dict[str, dict[str, Any]] = {
    "without a word": {},
    "from the beginning": {"start_position": pb.START_POSITION_BEGINNING},
    "from the end": {"start_position": pb.START_POSITION_END},
}


async def delete(
    service: Service, *, may_return: bool = False, token: str = "", **fields: Any
) -> endpoint_pb.DeleteEndpointResponse:
    """As a device of Ada, or as whoever has the token."""
    request = endpoint_pb.DeleteEndpointRequest(
        **{"endpoint_id": "laptop", "may_return": may_return, **fields}
    )
    token = token or service.user_token()
    return await service.transport.unary(DELETE_ENDPOINT, request, token=token, timeout=20)


async def sign_out(service: Service) -> None:
    assert not (await delete(service, may_return=True)).already_removed


async def acknowledge(service: Service, resume_token: bytes) -> int:
    request = pb.AcknowledgeRequest(endpoint_id="laptop", resume_token=resume_token)
    answer = await service.transport.unary(ACKNOWLEDGE, request, token=service.user_token(), timeout=20)
    return answer.acknowledged_revision


async def mark(service: Service) -> service_pb.MarkNotificationsResponse:
    request = service_pb.MarkNotificationsRequest(
        endpoint_id="laptop", all=service_pb.AllNotifications(), read_state=notification_pb2.READ_STATE_READ
    )
    return await service.transport.unary(MARK, request, token=service.user_token(), timeout=20)


async def listed_token(service: Service) -> bytes:
    """The position of a list."""
    request = service_pb.ListNotificationsRequest(endpoint_id="laptop")
    answer = await service.transport.unary(LIST, request, token=service.user_token(), timeout=20)
    return answer.resume_token


async def position(service: Service, **fields: Any) -> bytes:
    """The last position of a stream that was opened and cut."""
    return (await caught_up(service, **fields))[-1].resume_token


async def reason(call: Any) -> str:
    with pytest.raises(UnisonoError) as error:
        await call
    assert isinstance(error.value, EndpointDeleted)
    return error.value.code.name


async def test_a_publisher_deletes_a_device_that_was_lost(service: Service) -> None:
    app = service.app_token()
    async with stream(service) as opened:
        await opened.next("welcome")
        await opened.next("synced")
        assert not (await delete(service, token=app, user_id="ada")).already_removed
        goodbye = (await opened.next("goodbye")).goodbye
        error = await opened.ended()
    assert goodbye == pb.Goodbye(reason=pb.GOODBYE_REASON_ENDPOINT_DELETED)
    assert isinstance(error, EndpointDeleted)
    assert (await delete(service, token=app, user_id="ada")).already_removed
    await service.advance(30 * DAY)
    assert await reason(register(service)) == "FAILED_PRECONDITION"
    assert isinstance(await raised(service), EndpointDeleted)
    await service.advance(timedelta(seconds=1))
    await register(service)


async def test_a_publisher_names_the_user_and_reaches_only_users_of_its_app(service: Service) -> None:
    await register(service)
    with pytest.raises(InvalidRequest) as unnamed:
        await delete(service, token=service.app_token())
    assert list(unnamed.value.violations) == ["user_id"]
    for token, user in ((service.app_token(), "bob"), (service.app_token(OTHER_APP), "ada")):
        with pytest.raises(NotFound) as missing:
            await delete(service, token=token, user_id=user)
        assert missing.value.reason == "ENDPOINT_NOT_FOUND"
    await get(service)


async def test_one_that_signed_out_is_gone_and_registers_anew_at_once(service: Service) -> None:
    await register(service, display_name="Old")
    await register(service, "phone", IOS)
    await sign_out(service)
    assert await reason(get(service)) == "FAILED_PRECONDITION"
    await service.advance(timedelta(seconds=1))

    back = await register(service, platform=IOS)

    assert (back.display_name, back.platform, back.acknowledged_revision) == ("", IOS, 0)
    assert back.create_time.ToDatetime(service.now.tzinfo) == service.now
    request = endpoint_pb.ListEndpointsRequest()
    listed = await service.transport.unary(LIST_ENDPOINTS, request, token=service.user_token(), timeout=20)
    assert [one.endpoint_id for one in listed.endpoints] == ["phone", "laptop"]
    with pytest.raises(UnisonoError, match="registered for IOS"):
        await register(service)


async def test_registering_anew_needs_what_a_new_one_needs(service: Service) -> None:
    await register(service)
    await sign_out(service)
    error = await raised(service, platform=0)
    assert isinstance(error, InvalidRequest)
    assert list(error.violations) == ["platform"]


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
async def test_a_stream_without_a_position_registers_it_anew(
    service: Service, publisher: Publisher, start: dict[str, Any]
) -> None:
    await publisher.send("ada", title="Before")
    old = await position(service)
    await sign_out(service)

    messages = await caught_up(service, **start)

    assert not messages[0].welcome.resumed
    from_the_end = start.get("start_position") == pb.START_POSITION_END
    assert len(messages) == (2 if from_the_end else 3)
    assert isinstance(await raised(service, resume_token=old), EndpointDeleted)


async def test_a_position_of_before_is_refused_wherever_it_came_from(
    service: Service, publisher: Publisher
) -> None:
    await publisher.send("ada", title="Before")
    old = [await position(service), await listed_token(service)]
    await sign_out(service)
    for token in old:
        error = await raised(service, resume_token=token)
        assert (type(error), error.code.name) == (EndpointDeleted, "FAILED_PRECONDITION")

    async with stream(service) as back:
        await back.next("welcome")
        await back.next("event_batch")
        await back.next("synced")
        for token in old:
            assert isinstance(await raised(service, resume_token=token), EndpointDeleted)
            assert await reason(acknowledge(service, token)) == "FAILED_PRECONDITION"
        # It took nothing over.
        await publisher.send("ada", title="After")
        await back.next("event_batch")
    assert (await get(service)).acknowledged_revision == 0


async def test_a_position_of_its_own_is_resumed(service: Service, publisher: Publisher) -> None:
    for _ in range(3):
        await position(service)
        await sign_out(service)
    token = await position(service)
    await publisher.send("ada", title="New")
    messages = await caught_up(service, resume_token=token)
    assert messages[0].welcome.resumed
    assert [len(message.event_batch.events) for message in messages[1:]] == [1, 0]
    assert await acknowledge(service, messages[-1].resume_token) == 1
    assert (await caught_up(service, resume_token=await listed_token(service)))[0].welcome.resumed


async def test_every_registration_of_before_is_told(service: Service) -> None:
    old = []
    for _ in range(3):
        old.append(await position(service))
        await sign_out(service)
    await position(service)
    for token in old:
        assert isinstance(await raised(service, resume_token=token), EndpointDeleted)


async def test_a_position_of_another_endpoint_registers_nothing_anew(service: Service) -> None:
    """Of one that is there it starts anew, as ever."""
    foreign = await position(service, endpoint_id="phone")
    await register(service)
    await sign_out(service)
    assert isinstance(await raised(service, resume_token=foreign), EndpointDeleted)
    await register(service)
    assert not (await caught_up(service, resume_token=foreign))[0].welcome.resumed


async def test_a_damaged_position_is_refused_for_what_it_is(service: Service) -> None:
    await register(service)
    await sign_out(service)
    await register(service)
    error = await raised(service, resume_token=b"no token")
    assert error.reason == "RESUME_TOKEN_INVALID"
    with pytest.raises(UnisonoError) as refused:
        await acknowledge(service, b"no token")
    assert refused.value.reason == "RESUME_TOKEN_INVALID"


async def test_marks_and_acknowledgements_are_refused_while_it_is_deleted(service: Service) -> None:
    token = await position(service)
    await sign_out(service)
    assert await reason(mark(service)) == "FAILED_PRECONDITION"
    assert await reason(acknowledge(service, token)) == "FAILED_PRECONDITION"
    await register(service)
    await mark(service)


async def test_its_stream_is_told_that_it_was_deleted_though_it_is_back(service: Service) -> None:
    async with stream(service) as old:
        await old.next("welcome")
        await old.next("synced")
        await sign_out(service)
        await register(service)
        assert (await old.next("goodbye")).goodbye.reason == pb.GOODBYE_REASON_ENDPOINT_DELETED


async def test_a_deletion_for_good_bars_one_that_might_return(service: Service) -> None:
    await register(service)
    await sign_out(service)
    assert (await delete(service, may_return=True)).already_removed
    await service.advance(20 * DAY)
    assert not (await delete(service)).already_removed
    assert (await delete(service)).already_removed
    await service.advance(20 * DAY)
    assert await reason(register(service)) == "FAILED_PRECONDITION"
    assert isinstance(await raised(service), EndpointDeleted)


async def test_a_deletion_that_lets_return_does_not_undo_one_for_good(service: Service) -> None:
    """A thief cannot sign out what its owner has barred."""
    await register(service)
    await delete(service, token=service.app_token(), user_id="ada")
    assert (await delete(service, may_return=True)).already_removed
    assert await reason(register(service)) == "FAILED_PRECONDITION"


async def test_one_that_may_return_is_forgotten_like_others(serve: Serve) -> None:
    service = await serve(deleted_endpoints_per_user=1)
    await register(service)
    await sign_out(service)
    await service.advance(timedelta(seconds=1))
    await register(service, "phone", LINUX)
    await delete(service, endpoint_id="phone")
    with pytest.raises(NotFound):
        await get(service)
    await register(service)
