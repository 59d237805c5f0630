"""Endpoints: registered once, renamed, removed, and forgotten when nobody has seen them for long."""

from datetime import timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.client.conftest import Serve
from tests.support.services import Service
from unisono.client import EndpointDeleted, NotFound, Platform, PlatformFixed, Publisher
from unisono.client._wire.methods import (
    DELETE_ENDPOINT,
    REGISTER_ENDPOINT,
    UPDATE_ENDPOINT,
    Method,
)
from unisono.v1 import endpoint_service_pb2 as pb
from unisono.v1 import notification_pb2

GET_ENDPOINT = Method("EndpointService", "GetEndpoint", pb.GetEndpointRequest, pb.GetEndpointResponse)
LINUX, IOS = notification_pb2.DEVICE_PLATFORM_LINUX, notification_pb2.DEVICE_PLATFORM_IOS
DAY = timedelta(days=1)


async def register(
    service: Service,
    endpoint_id: str = "laptop",
    platform: notification_pb2.DevicePlatform.ValueType = LINUX,
    display_name: str = "",
) -> pb.Endpoint:
    request = pb.RegisterEndpointRequest(
        endpoint_id=endpoint_id, platform=platform, display_name=display_name
    )
    token = service.user_token()
    return (await service.transport.unary(REGISTER_ENDPOINT, request, token=token, timeout=20)).endpoint


async def get(service: Service, endpoint_id: str = "laptop") -> pb.Endpoint:
    request = pb.GetEndpointRequest(endpoint_id=endpoint_id)
    token = service.user_token()
    return (await service.transport.unary(GET_ENDPOINT, request, token=token, timeout=20)).endpoint


async def delete(service: Service, endpoint_id: str = "laptop") -> pb.DeleteEndpointResponse:
    request = pb.DeleteEndpointRequest(endpoint_id=endpoint_id)
    token = service.user_token()
    return await service.transport.unary(DELETE_ENDPOINT, request, token=token, timeout=20)


async def test_it_is_registered_once(service: Service) -> None:
    first = await register(service, display_name="Ada's laptop")
    assert (first.endpoint_id, first.app_id, first.user_id) == ("laptop", "mail.test", "ada")
    assert (first.platform, first.display_name, first.connected) == (LINUX, "Ada's laptop", False)
    assert first.create_time == first.last_seen_time
    assert first.create_time.ToDatetime(service.now.tzinfo) == service.now
    await service.advance(timedelta(seconds=5))
    again = await register(service)
    assert (again.display_name, again.create_time) == ("Ada's laptop", first.create_time)
    assert again.last_seen_time.ToDatetime(service.now.tzinfo) == service.now
    assert await get(service) == again
    assert (await register(service, display_name="New")).display_name == "New"


async def test_publishers_see_them_in_the_order_of_registration(
    service: Service, publisher: Publisher
) -> None:
    for endpoint_id, platform in (("phone", IOS), ("laptop", LINUX), ("a tablet", IOS)):
        await register(service, endpoint_id, platform)
    found = await publisher.list_endpoints("ada")
    assert [(one.endpoint_id, one.platform) for one in found] == [
        ("phone", Platform.IOS),
        ("laptop", Platform.LINUX),
        ("a tablet", Platform.IOS),
    ]
    assert await publisher.list_endpoints("bob") == ()


async def test_its_platform_is_fixed(service: Service) -> None:
    await register(service)
    with pytest.raises(PlatformFixed) as raised:
        await register(service, platform=IOS)
    assert (raised.value.code.name, raised.value.reason) == ("FAILED_PRECONDITION", "PLATFORM_FIXED")
    assert raised.value.metadata == {"platform": "DEVICE_PLATFORM_LINUX"}


async def test_it_is_renamed(service: Service) -> None:
    request = pb.UpdateEndpointRequest(
        endpoint_id="laptop", display_name="New", update_mask=FieldMask(paths=["display_name"])
    )
    token = service.user_token()
    with pytest.raises(NotFound) as raised:
        await service.transport.unary(UPDATE_ENDPOINT, request, token=token, timeout=20)
    assert raised.value.reason == "ENDPOINT_NOT_FOUND"
    await register(service, display_name="Old")
    for name in ("New", ""):
        request.display_name = name
        answer = await service.transport.unary(UPDATE_ENDPOINT, request, token=token, timeout=20)
        assert answer.endpoint.display_name == (await get(service)).display_name == name


async def test_a_deleted_one_stays_deleted(service: Service, publisher: Publisher) -> None:
    with pytest.raises(NotFound) as missing:
        await delete(service)
    assert missing.value.reason == "ENDPOINT_NOT_FOUND"
    await register(service)
    assert not (await delete(service)).already_removed
    assert (await delete(service)).already_removed
    assert await publisher.list_endpoints("ada") == ()
    for call in (register, get):
        with pytest.raises(EndpointDeleted) as raised:
            await call(service)
        assert raised.value.reason == "ENDPOINT_DELETED"


async def test_after_thirty_days_its_id_is_free_again(service: Service) -> None:
    await register(service)
    await delete(service)
    await service.advance(30 * DAY)
    with pytest.raises(EndpointDeleted):
        await register(service)
    await service.advance(timedelta(seconds=1))
    assert (await register(service, platform=IOS)).platform == IOS


async def test_so_many_deleted_ones_are_remembered(serve: Serve) -> None:
    service = await serve(deleted_endpoints_per_user=2)
    for endpoint_id in ("first", "second", "third"):
        await register(service, endpoint_id)
        await delete(service, endpoint_id)
        await service.advance(timedelta(seconds=1))

    for endpoint_id in ("second", "third"):
        with pytest.raises(EndpointDeleted):
            await register(service, endpoint_id)
    await register(service, "first")


async def test_unseen_for_sixty_days_it_is_forgotten(service: Service) -> None:
    await register(service)
    await service.advance(60 * DAY)
    await get(service)
    await service.advance(timedelta(seconds=1))
    with pytest.raises(NotFound):
        await get(service)


async def test_at_the_limit_the_one_unseen_longest_gives_way(serve: Serve) -> None:
    service = await serve(endpoints_per_user=2)
    for endpoint_id in ("first", "second"):
        await register(service, endpoint_id)
        await service.advance(timedelta(seconds=1))
    await register(service, "first")
    await register(service, "third")
    with pytest.raises(NotFound):
        await get(service, "second")
    await get(service, "first")
    await register(service, "second")
