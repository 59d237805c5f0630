"""Isolated: a stream has only what is meant for its device, and ends with its token or endpoint."""

import grpc

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.clocks import FakeClock
from tests.support.devices import Device
from tests.support.nodes import Client, Running
from unisono.client import from_rpc_error
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1.notification_pb2 import DEVICE_PLATFORM_IOS, DEVICE_PLATFORM_LINUX, TargetPolicy


def short_lived(node: Running, seconds: int) -> Client:
    """Return a client of a device whose token expires in so many seconds of the node's clock."""
    return node.client(tokens.device(exp=node.setup.clock.now() // 1000 + seconds))


def titles(device: Device) -> list[str]:
    rows = device.held.notifications.values()
    return sorted(row.payload.visual_content.title for row in rows)


async def test_a_stream_does_not_outlive_its_token(node: Running, clock: FakeClock) -> None:
    device = await Device(short_lived(node, 60), "laptop").connect()
    backend = ApiClient(node.publisher, user_id="ada")
    await backend.send("In time")
    await device.at(1)

    clock.advance(61)
    await backend.send("Too late")

    error = await device.ended()
    goodbye = device.held.messages[-1].goodbye
    assert goodbye == pb.Goodbye(reason=pb.GOODBYE_REASON_TOKEN_EXPIRED)
    assert (error.code(), from_rpc_error(error).reason) == (grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
    assert titles(device) == ["In time"]


async def test_after_a_new_token_it_goes_on(node: Running, clock: FakeClock) -> None:
    device = await Device(short_lived(node, 60), "laptop").connect()
    clock.advance(61)
    await device.ended()
    sent = await ApiClient(node.publisher, user_id="ada").send("Meanwhile")

    again = await Device(node.user(), "laptop", device.held).connect()

    assert again.held.messages[0].welcome.resumed
    assert again.held.rung == [(sent.id, sent.revision)]
    await again.disconnect()


async def test_a_deleted_endpoint_ends_its_stream(node: Running) -> None:
    device = await Device(node.user(), "laptop").connect()

    await ApiClient(node.user(), endpoint_id="laptop").remove()

    error = await device.ended()
    assert device.held.messages[-1].goodbye.reason == pb.GOODBYE_REASON_ENDPOINT_DELETED
    assert (error.code(), from_rpc_error(error).reason) == (grpc.StatusCode.NOT_FOUND, "ENDPOINT_DELETED")
    assert from_rpc_error(error).retry_delay is None


async def test_a_newer_stream_of_the_endpoint_takes_over(node: Running) -> None:
    older = await Device(node.user(), "laptop").connect()
    newer = await Device(node.user(), "laptop").connect()

    error = await older.ended()

    assert older.held.messages[-1].goodbye.reason == pb.GOODBYE_REASON_SUPERSEDED
    assert (error.code(), from_rpc_error(error).reason) == (grpc.StatusCode.ABORTED, "SUPERSEDED")
    await ApiClient(node.publisher, user_id="ada").send("For the newer")
    await newer.at(1)
    assert titles(older) == []
    await newer.disconnect()


async def test_a_device_gets_what_is_meant_for_it(node: Running) -> None:
    laptop = await Device(node.user(), "laptop").connect(platform=DEVICE_PLATFORM_LINUX)
    phone = await Device(node.user(), "phone").connect(platform=DEVICE_PLATFORM_IOS)
    backend = ApiClient(node.publisher, user_id="ada")
    for title, target in {
        "all": TargetPolicy(),
        "phones": TargetPolicy(platforms=[DEVICE_PLATFORM_IOS]),
        "the laptop": TargetPolicy(endpoint_ids=["laptop"]),
        "phones and the laptop": TargetPolicy(platforms=[DEVICE_PLATFORM_IOS], endpoint_ids=["laptop"]),
        "nobody": TargetPolicy(endpoint_ids=["fridge"]),
    }.items():
        await backend.send(title, target_policy=target)
    last = await backend.send("last")

    await laptop.at(last.revision)
    await phone.at(last.revision)

    assert titles(laptop) == ["all", "last", "phones and the laptop", "the laptop"]
    assert titles(phone) == ["all", "last", "phones", "phones and the laptop"]
    assert laptop.held.unread_count == phone.held.unread_count == 4
    for device in (laptop, phone):
        again = await Device(node.user(), device.endpoint_id).connect(platform=0)
        assert titles(again) == titles(device)
        assert again.held.unread_count == 4
        await again.disconnect()


async def test_users_and_apps_hear_nothing_of_each_other(node: Running) -> None:
    ada, bob = node.user("ada"), node.user("bob")
    other_app = node.client(tokens.device("ada", azp="chat-client"))
    devices = [await Device(client, "laptop").connect() for client in (ada, bob, other_app)]
    await ApiClient(node.publisher, user_id="ada").send("For Ada")
    await devices[0].at(1)

    await ApiClient(node.publisher, user_id="bob").send("For Bob")
    chat = ApiClient(node.client(tokens.publisher(azp="chat-client")), user_id="ada")
    await chat.send("For Ada in the chat")
    for device in devices[1:]:
        await device.at(1)

    assert [titles(device) for device in devices] == [["For Ada"], ["For Bob"], ["For Ada in the chat"]]
    assert [device.held.revision for device in devices] == [1, 1, 1]
    for device in devices:
        await device.disconnect()
