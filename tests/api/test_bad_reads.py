"""A request to read or to register that breaks a rule is refused, with every bad field by name."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from tests.support import tokens
from tests.support.api_client import READ, ApiClient, time_of
from tests.support.nodes import Running
from tests.support.rpc_errors import case, invalid
from unisono.v1 import notification_pb2 as pb

LISTS = [
    case("no user", "user_id", user_id=""),
    case("less than nothing", "page_size", page_size=-1),
    case("an unknown read state", "read_state", read_state=3),
    case("an unknown action state", "user_action_state", user_action_state=-1),
    case("a group with a line break", "group_name", group_name="a\nb"),
    case("an endpoint with a line break", "endpoint_id", endpoint_id="a\nb"),
    case("a span backwards", "end_time", start_time=time_of(2), end_time=time_of(1)),
    case("an empty span", "end_time", start_time=time_of(1), end_time=time_of(1)),
    case(
        "several at once",
        "user_id",
        "endpoint_id",
        "page_size",
        "page_token",
        "read_state",
        "user_action_state",
        "group_name",
        "category",
        "end_time",
        user_id="",
        endpoint_id="\0",
        page_size=501,
        page_token="?",
        read_state=9,
        user_action_state=9,
        group_name="\0",
        category="\0",
        start_time=time_of(2),
        end_time=time_of(1),
    ),
]


@pytest.mark.parametrize(("request_fields", "fields"), LISTS)
async def test_a_bad_list_names_every_bad_field(
    publisher: ApiClient, request_fields: dict[str, Any], fields: tuple[str, ...]
) -> None:
    with invalid(*fields):
        await publisher.history(**request_fields)


def ending(token: str, place: bytes) -> str:
    """The same page token for another place."""
    return base64.urlsafe_b64encode(base64.urlsafe_b64decode(token)[:8] + place).decode()


DAMAGES: dict[str, Callable[[str], str]] = {
    "no base64": lambda token: token + "!",
    "no ASCII": lambda token: "é" + token,
    "too short": lambda token: token[:-4],
    "too long": lambda token: token + "AAAA",
    "of other filters": lambda token: "AAAA" + token[4:],
    "beyond every revision": lambda token: ending(token, b"\xff" * 8),
    "beyond what stores hold": lambda token: ending(token, b"\x80" + b"\0" * 7),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_damaged_page_token_is_refused(publisher: ApiClient, damage: Callable[[str], str]) -> None:
    await publisher.send()
    await publisher.send()
    token = (await publisher.history(page_size=1)).next_page_token
    with invalid("page_token"):
        await publisher.history(page_token=damage(token))


@pytest.mark.parametrize(
    "other",
    [
        {"read_state": READ},
        {"user_action_state": pb.USER_ACTION_STATE_DISMISSED},
        {"group_name": ""},
        {"category": ""},
        {"start_time": time_of(0)},
        {"end_time": time_of(2**42)},
        {"endpoint_id": "phone"},
        {"user_id": "somebody-else"},
    ],
    ids=str,
)
async def test_a_page_token_goes_with_its_filters(
    publisher: ApiClient, phone: ApiClient, other: dict[str, Any]
) -> None:
    await publisher.send()
    await publisher.send()
    token = (await publisher.history(page_size=1)).next_page_token
    with invalid("page_token"):
        await publisher.history(page_token=token, **other)


async def test_a_page_token_goes_with_its_app(publisher: ApiClient, serving: Running, user_id: str) -> None:
    await publisher.send()
    await publisher.send()
    token = (await publisher.history(page_size=1)).next_page_token
    other = ApiClient(serving.client(tokens.publisher(azp="chat-client")), user_id=user_id)
    with invalid("page_token"):
        await other.history(page_token=token)


SUBSCRIPTIONS = [
    case("no endpoint", "endpoint_id", endpoint_id=""),
    case("a new endpoint without platform", "platform", platform=0),
    case("an unknown platform", "platform", platform=7),
    case("an unknown start", "start_position", start_position=3),
    case("no interval", "heartbeat_interval", heartbeat_interval=Duration()),
    case("an interval backwards", "heartbeat_interval", heartbeat_interval=Duration(seconds=-30)),
    case("an impossible interval", "heartbeat_interval", heartbeat_interval=Duration(nanos=2**31 - 1)),
    case(
        "several at once",
        "endpoint_id",
        "platform",
        "display_name",
        "start_position",
        "heartbeat_interval",
        endpoint_id="",
        platform=99,
        display_name="\0",
        start_position=99,
        heartbeat_interval=Duration(),
    ),
]


@pytest.mark.parametrize(("request_fields", "fields"), SUBSCRIPTIONS)
async def test_a_bad_subscription_names_every_bad_field_and_registers_nothing(
    serving: Running, user_id: str, request_fields: dict[str, Any], fields: tuple[str, ...]
) -> None:
    caller = ApiClient(serving.user(user_id), endpoint_id="phone")
    with invalid(*fields):
        await caller.welcome(**request_fields)
    assert await caller.endpoints() == []


REGISTRATIONS = [
    case("no endpoint", "endpoint_id", endpoint_id=""),
    case("a line break in it", "endpoint_id", endpoint_id="a\nb"),
    case("no platform", "platform", platform=0),
    case("an unknown platform", "platform", platform=-7),
    case(
        "several at once",
        "endpoint_id",
        "platform",
        "display_name",
        endpoint_id="",
        platform=0,
        display_name="\x7f",
    ),
]


@pytest.mark.parametrize(("request_fields", "fields"), REGISTRATIONS)
async def test_a_bad_registration_names_every_bad_field_and_registers_nothing(
    serving: Running, user_id: str, request_fields: dict[str, Any], fields: tuple[str, ...]
) -> None:
    caller = ApiClient(serving.user(user_id), endpoint_id="phone")
    with invalid(*fields):
        await caller.register(**request_fields)
    assert await caller.endpoints() == []


@pytest.mark.parametrize(
    ("request_fields", "fields"),
    [
        case("no mask", "update_mask", update_mask=None),
        case("an unknown path", "update_mask", update_mask={"paths": ["platform"]}),
        case("a line break", "display_name", display_name="a\nb"),
        case("several at once", "endpoint_id", "update_mask", endpoint_id="", update_mask=None),
    ],
)
async def test_a_bad_rename_names_every_bad_field(
    phone: ApiClient, request_fields: dict[str, Any], fields: tuple[str, ...]
) -> None:
    before = await phone.endpoint()
    with invalid(*fields):
        await phone.rename(**{"display_name": "Phone", **request_fields})
    assert await phone.endpoint() == before


#: Requests of a device that must name its endpoint.
UNNAMED: dict[str, Callable[[ApiClient], Awaitable[object]]] = {
    "Send": lambda caller: caller.send(),
    "Update": lambda caller: caller.update("x", content={"group_name": "a"}),
    "Mark": lambda caller: caller.mark("x", read_state=READ),
    "Delete": lambda caller: caller.delete("x"),
    "Acknowledge": lambda caller: caller.acknowledge(b"token"),
    "Subscribe": lambda caller: caller.welcome(),
    "Register": lambda caller: caller.register(),
    "Rename": lambda caller: caller.rename("Phone"),
    "Remove": lambda caller: caller.remove(),
    "GetEndpoint": lambda caller: caller.endpoint(),
}


@pytest.mark.parametrize("act", UNNAMED.values(), ids=UNNAMED)
async def test_a_device_names_its_endpoint(
    serving: Running, user_id: str, act: Callable[[ApiClient], Awaitable[object]]
) -> None:
    with invalid("endpoint_id") as failure:
        await act(ApiClient(serving.user(user_id)))
    assert failure.violations == {"endpoint_id": "is required"}


async def test_an_acknowledgement_needs_a_token(phone: ApiClient) -> None:
    with invalid("resume_token"):
        await phone.acknowledge(b"")
