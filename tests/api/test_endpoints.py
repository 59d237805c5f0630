"""EndpointService: the devices of a user, as they register, are renamed, seen and deleted."""

from typing import Any

import grpc
import pytest

from tests.support.api_client import ApiClient, time_of
from tests.support.clocks import FakeClock
from tests.support.devices import Device
from tests.support.nodes import Running
from tests.support.rpc_errors import raises_status
from unisono.client import from_rpc_error
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb


@pytest.fixture
def handset(held: Running, user_id: str) -> ApiClient:
    """A device that is not registered, for which time passes only when a test says so."""
    return ApiClient(held.user(user_id), endpoint_id="phone")


async def test_a_registration_says_all_there_is(handset: ApiClient, clock: FakeClock, user_id: str) -> None:
    registered = await handset.register(platform=pb.DEVICE_PLATFORM_IOS, display_name="Ada's phone")
    assert registered == endpoint_pb.Endpoint(
        endpoint_id="phone",
        app_id="mail.test",
        user_id=user_id,
        platform=pb.DEVICE_PLATFORM_IOS,
        display_name="Ada's phone",
        create_time=time_of(clock.now()),
        last_seen_time=time_of(clock.now()),
    )
    assert await handset.endpoint() == registered
    assert await handset.endpoints() == [registered]


async def test_registering_again_finds_it_and_sees_it(handset: ApiClient, clock: FakeClock) -> None:
    first = await handset.register(display_name="Phone")
    clock.advance(5)
    again = await handset.register()
    assert (again.create_time, again.display_name) == (first.create_time, "Phone")
    assert again.last_seen_time == time_of(clock.now())
    assert (await handset.register(display_name="New")).display_name == "New"
    assert len(await handset.endpoints()) == 1


@pytest.mark.parametrize("act", ["register", "welcome"])
async def test_the_platform_is_fixed(phone: ApiClient, act: str) -> None:
    with raises_status("FAILED_PRECONDITION", "PLATFORM_FIXED") as failure:
        await getattr(phone, act)(platform=pb.DEVICE_PLATFORM_WINDOWS, display_name="New")
    assert failure.metadata == {"platform": "DEVICE_PLATFORM_LINUX"}
    assert (await phone.endpoint()).display_name == ""


@pytest.mark.parametrize("platform", pb.DevicePlatform.values()[1:], ids=pb.DevicePlatform.Name)
async def test_every_platform_can_register(serving: Running, user_id: str, platform: Any) -> None:
    caller = ApiClient(serving.user(user_id), endpoint_id="device")
    assert (await caller.register(platform=platform)).platform == platform


async def test_a_stream_registers_a_new_endpoint(serving: Running, user_id: str) -> None:
    caller = ApiClient(serving.user(user_id), endpoint_id="phone")
    await caller.welcome(platform=pb.DEVICE_PLATFORM_WEB, display_name="Browser")
    endpoint = await caller.endpoint()
    assert (endpoint.platform, endpoint.display_name) == (pb.DEVICE_PLATFORM_WEB, "Browser")


async def test_a_stream_of_a_known_endpoint_needs_no_platform(phone: ApiClient) -> None:
    await phone.welcome(platform=0)
    assert (await phone.endpoint()).platform == pb.DEVICE_PLATFORM_LINUX


async def test_they_are_listed_in_the_order_of_registration(phone: ApiClient, publisher: ApiClient) -> None:
    for name in ("zebra", "ant", "phone"):
        await phone.register(endpoint_id=name)
    listed = await phone.endpoints()
    assert [endpoint.endpoint_id for endpoint in listed] == ["phone", "zebra", "ant"]
    assert await publisher.endpoints() == listed


async def test_a_publisher_reads_them(phone: ApiClient, publisher: ApiClient) -> None:
    assert await publisher.endpoint(endpoint_id="phone") == await phone.endpoint()


async def test_a_user_without_devices_has_none(publisher: ApiClient) -> None:
    assert await publisher.endpoints() == []


async def test_it_can_be_renamed(phone: ApiClient) -> None:
    renamed = await phone.rename("Ada's phone")
    assert renamed.display_name == "Ada's phone"
    assert await phone.endpoint() == renamed
    assert (await phone.rename("")).display_name == ""


@pytest.mark.parametrize("act", ["endpoint", "remove", "rename"])
async def test_what_never_was_is_not_found(phone: ApiClient, act: str) -> None:
    arguments = ("New",) if act == "rename" else ()
    with raises_status("NOT_FOUND", "ENDPOINT_NOT_FOUND"):
        await getattr(phone, act)(*arguments, endpoint_id="never")


async def test_a_deleted_one_is_gone(phone: ApiClient) -> None:
    assert not (await phone.remove()).already_removed
    assert (await phone.remove()).already_removed
    assert await phone.endpoints() == []


DELETED: dict[str, Any] = {
    "Register": lambda phone: phone.register(),
    "Subscribe": lambda phone: phone.welcome(),
    "Get": lambda phone: phone.endpoint(),
    "Update": lambda phone: phone.rename("New"),
    "Acknowledge": lambda phone: phone.acknowledge(b"token"),
    "GetFeed": lambda phone: phone.feed(endpoint_id="phone"),
}


@pytest.mark.parametrize("act", DELETED.values(), ids=DELETED)
async def test_a_deleted_id_stays_deleted(phone: ApiClient, act: Any) -> None:
    await phone.remove()
    with raises_status("FAILED_PRECONDITION", "ENDPOINT_DELETED"):
        await act(phone)
    assert await phone.endpoints() == []


async def test_a_deleted_id_is_free_after_30_days(handset: ApiClient, clock: FakeClock) -> None:
    await handset.register()
    await handset.remove()
    clock.advance(30 * 86400 - 1)
    with raises_status("FAILED_PRECONDITION", "ENDPOINT_DELETED"):
        await handset.register()
    await forgotten(handset, clock)
    assert (await handset.register()).create_time == time_of(clock.now())


async def test_one_that_is_unseen_for_60_days_is_removed(handset: ApiClient, clock: FakeClock) -> None:
    await handset.register()
    clock.advance(60 * 86400 - 1)
    assert await handset.endpoints()
    await forgotten(handset, clock)
    assert await handset.endpoints() == []


async def test_one_that_only_marks_is_seen(handset: ApiClient, clock: FakeClock) -> None:
    registered = await handset.register()
    clock.advance(30 * 86400)
    marked = clock.now()
    await handset.mark(all={}, read_state=pb.READ_STATE_READ)
    while (endpoint := await handset.endpoint()).last_seen_time == registered.last_seen_time:
        clock.advance(1)
    assert endpoint.last_seen_time == time_of(marked)


async def forgotten(handset: ApiClient, clock: FakeClock) -> None:
    """Let time pass until nothing is known of the endpoint any more."""
    state = ""
    while state != "ENDPOINT_NOT_FOUND":
        clock.advance(1)
        state = await reason(handset)


async def reason(handset: ApiClient) -> str:
    """Why the endpoint cannot be read; empty when it can."""
    try:
        await handset.endpoint()
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error).reason
    return ""


async def test_its_stream_ends_when_it_is_deleted(phone: ApiClient) -> None:
    device = await Device(phone.client, "phone").connect()
    await phone.remove()
    error = await device.ended()
    assert from_rpc_error(error).reason == "ENDPOINT_DELETED"
    assert error.code() is grpc.StatusCode.NOT_FOUND
    goodbye = device.held.messages[-1].goodbye
    assert goodbye.reason == feed_pb.GOODBYE_REASON_ENDPOINT_DELETED
    assert not goodbye.HasField("retry_delay")


async def test_it_is_connected_while_it_has_a_stream(handset: ApiClient, clock: FakeClock) -> None:
    device = await Device(handset.client, "phone").connect()
    assert (await handset.endpoint()).connected
    await device.disconnect()
    while (await handset.endpoint()).connected:
        clock.advance(1)
    assert len(await handset.endpoints()) == 1


async def test_an_acknowledgement_is_written_with_a_delay_and_never_goes_back(
    handset: ApiClient, held: Running, clock: FakeClock, user_id: str
) -> None:
    await handset.register()
    older = (await handset.history(endpoint_id="phone")).resume_token
    await ApiClient(held.publisher, user_id=user_id).send()
    newer = (await handset.history(endpoint_id="phone")).resume_token
    clock.advance(5)
    seen = clock.now()
    assert await handset.acknowledge(newer) == 1
    while not (endpoint := await handset.endpoint()).acknowledged_revision:
        clock.advance(1)
    assert (endpoint.acknowledged_revision, endpoint.last_seen_time) == (1, time_of(seen))
    assert await handset.acknowledge(older) == 1
