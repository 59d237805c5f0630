"""Nobody reads, changes or learns of what is someone else's: it answers as if it had never been."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from tests.support import tokens
from tests.support.api_client import ALL, DISMISSED, READ, ApiClient, by_id, by_key, titled
from tests.support.devices import Device
from tests.support.methods import FOR_PUBLISHERS, Method, methods
from tests.support.nodes import Client, Running
from tests.support.rpc_errors import raises_status
from unisono.client import bearer
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import SendResult

KEY = "order-17"
NEVER = "01890000-0000-7000-8000-000000000000"

Reach = Callable[[ApiClient, str, str], Awaitable[object]]

#: Every way to reach for one notification, by its id or by its key.
REACHES: dict[str, Reach] = {
    "Get": lambda caller, id_, key: caller.get(id_, key),
    "Update": lambda caller, id_, key: caller.update(id_, key, content={"payload": titled("Mine")}),
    "Update if unchanged": lambda caller, id_, key: caller.update(
        id_, key, content={"group_name": "mine"}, expected_revision=7
    ),
    "Mark": lambda caller, id_, key: caller.mark(
        references=by_id(id_) if id_ else by_key(key), read_state=READ
    ),
    "Mark if unchanged": lambda caller, id_, key: caller.mark(
        references=by_id(id_) if id_ else by_key(key), user_action_state=DISMISSED, expected_revision=7
    ),
    "Delete": lambda caller, id_, key: caller.delete(id_, key),
    "Delete if unchanged": lambda caller, id_, key: caller.delete(id_, key, expected_revision=7),
}
every_reach = pytest.mark.parametrize("reach", REACHES.values(), ids=REACHES)
every_stranger = pytest.mark.parametrize(
    "stranger",
    ["another user's device", "another app's device", "another app's backend"],
    indirect=True,
)


def chat(serving: Running, **token: object) -> Client:
    """A caller of the app chat.test."""
    return serving.client(tokens.publisher(azp="chat-client", **token))


@pytest_asyncio.fixture(loop_scope="module")
async def stranger(serving: Running, user_id: str, request: pytest.FixtureRequest) -> ApiClient:
    """Somebody with a good token and a feed of their own."""
    if request.param == "another app's backend":
        caller = ApiClient(chat(serving), user_id=user_id)
    elif request.param == "another app's device":
        client = chat(serving, sub=user_id, scope=tokens.DEVICE_SCOPES)
        caller = ApiClient(client, endpoint_id="phone")
    else:
        caller = ApiClient(serving.user(f"not-{user_id}"), endpoint_id="phone")
    if caller.endpoint_id:
        await caller.register()
    await caller.send("Mine")
    return caller


@pytest_asyncio.fixture(loop_scope="module")
async def theirs(publisher: ApiClient) -> SendResult:
    """The notification that the stranger must not know of."""
    return await publisher.send("Private", app_notification_id=KEY)


@every_stranger
@every_reach
async def test_it_is_not_found_by_id_like_one_that_never_was(
    publisher: ApiClient, theirs: SendResult, stranger: ApiClient, reach: Reach
) -> None:
    before = await publisher.get(theirs.id)
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND") as never:
        await reach(stranger, NEVER, "")
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND") as hidden:
        await reach(stranger, theirs.id, "")
    assert hidden.status == never.status
    assert await publisher.get(theirs.id) == before


@every_stranger
@every_reach
async def test_it_is_not_found_by_key_like_one_that_never_was(
    publisher: ApiClient, theirs: SendResult, stranger: ApiClient, reach: Reach
) -> None:
    before = await publisher.get(theirs.id)
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND") as never:
        await reach(stranger, "", "never")
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND") as hidden:
        await reach(stranger, "", KEY)
    assert hidden.status == never.status
    assert await publisher.get(theirs.id) == before


@every_stranger
@every_reach
async def test_it_is_not_found_like_one_that_never_was_when_it_is_gone(
    publisher: ApiClient, theirs: SendResult, stranger: ApiClient, reach: Reach
) -> None:
    await publisher.delete(theirs.id)
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND") as never:
        await reach(stranger, NEVER, "")
    with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND") as hidden:
        await reach(stranger, theirs.id, "")
    assert hidden.status == never.status


@every_stranger
async def test_marking_it_among_ones_own_finds_only_ones_own(
    publisher: ApiClient, theirs: SendResult, stranger: ApiClient
) -> None:
    own = await stranger.send()
    answer = await stranger.mark(own.id, theirs.id, NEVER, read_state=READ)
    assert answer.changed == 1
    assert [ref.id for ref in answer.not_found] == [theirs.id, NEVER]
    assert (await publisher.get(theirs.id)).read_state == pb.READ_STATE_UNREAD


@every_stranger
async def test_marking_everything_leaves_it_alone(
    publisher: ApiClient, theirs: SendResult, stranger: ApiClient
) -> None:
    answer = await stranger.mark(all=ALL, read_state=READ)
    assert answer.changed == 1
    assert (await publisher.get(theirs.id)).revision == theirs.revision


@every_stranger
async def test_lists_and_counters_do_not_tell_of_it(theirs: SendResult, stranger: ApiClient) -> None:
    assert [n.payload for n in (await stranger.history()).notifications] == [titled("Mine")]
    assert (await stranger.feed()).last_revision == 1
    assert (await stranger.feed()).unread_count == 1


@every_stranger
async def test_its_key_is_free(publisher: ApiClient, theirs: SendResult, stranger: ApiClient) -> None:
    result = await stranger.send("Private", app_notification_id=KEY)
    assert not result.deduplicated
    assert result.id != theirs.id


async def test_a_stream_brings_only_its_own_feed(
    serving: Running, user_id: str, publisher: ApiClient
) -> None:
    other_user = ApiClient(serving.publisher, user_id=f"not-{user_id}")
    other_app = ApiClient(chat(serving), user_id=user_id)
    await other_user.send()
    device = await Device(serving.user(user_id), "phone").connect()
    await other_app.send()
    await other_user.send()
    own = await publisher.send()
    held = await device.at(own.revision)
    await device.disconnect()
    assert list(held.notifications) == [own.id]
    assert own.revision == held.revision == 1


@pytest.mark.parametrize(
    "method",
    [m for m in methods() if m.takes("user_id") and m.name not in FOR_PUBLISHERS and not m.for_admins],
    ids=lambda method: method.name,
)
async def test_a_device_may_not_name_another_user(serving: Running, method: Method) -> None:
    with raises_status("PERMISSION_DENIED", "USER_MISMATCH") as failure:
        await method.call(serving.channel, method.body(user_id="ben"), bearer(tokens.device("ada")))
    assert "ben" not in failure.explanation.message


async def test_a_device_may_name_its_own_user(phone: ApiClient, user_id: str) -> None:
    result = await phone.send(user_id=user_id)
    assert (await phone.get(result.id, user_id=user_id)).user_id == user_id


#: Every way to reach for an endpoint.
ENDPOINT_REACHES: dict[str, Callable[[ApiClient], Awaitable[object]]] = {
    "Get": lambda caller: caller.endpoint(),
    "Update": lambda caller: caller.rename("Mine"),
    "Delete": lambda caller: caller.remove(),
    "Acknowledge": lambda caller: caller.acknowledge(b"token"),
    "GetFeed": lambda caller: caller.feed(endpoint_id=caller.endpoint_id),
    "ListNotifications": lambda caller: caller.history(endpoint_id=caller.endpoint_id),
    "MarkNotifications": lambda caller: caller.mark(all=ALL, read_state=READ),
    "DeleteNotifications": lambda caller: caller.delete_many(all=ALL),
}


@pytest.mark.parametrize("reach", ENDPOINT_REACHES.values(), ids=ENDPOINT_REACHES)
async def test_an_endpoint_of_another_user_is_not_found_like_one_that_never_was(
    serving: Running, phone: ApiClient, user_id: str, reach: Callable[[ApiClient], Awaitable[object]]
) -> None:
    before = await phone.endpoint()
    client = serving.user(f"not-{user_id}")
    await ApiClient(client, endpoint_id="laptop").register()
    with raises_status("NOT_FOUND", "ENDPOINT_NOT_FOUND") as never:
        await reach(ApiClient(client, endpoint_id="never"))
    with raises_status("NOT_FOUND", "ENDPOINT_NOT_FOUND") as hidden:
        await reach(ApiClient(client, endpoint_id="phone"))
    assert hidden.status == never.status
    assert await phone.endpoint() == before


async def test_the_same_endpoint_id_is_another_endpoint_for_another_user(
    serving: Running, phone: ApiClient, user_id: str
) -> None:
    other = ApiClient(serving.user(f"not-{user_id}"), endpoint_id="phone")
    await other.register(platform=pb.DEVICE_PLATFORM_IOS)
    await other.remove()
    assert (await phone.endpoint()).platform == pb.DEVICE_PLATFORM_LINUX
    assert [endpoint.endpoint_id for endpoint in await phone.endpoints()] == ["phone"]
