"""Nobody reads, changes or learns of what is someone else's: it answers as if it had never been."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from tests.support import tokens
from tests.support.callers import ALL, DISMISSED, READ, Caller, by_id, by_key, titled
from tests.support.devices import Device
from tests.support.methods import Method, methods
from tests.support.nodes import Client, Running
from tests.support.refusals import refused
from unisono.client import bearer
from unisono.v1.notification_service_pb2 import SendResult

KEY = "order-17"
NEVER = "01890000-0000-7000-8000-000000000000"

Reach = Callable[[Caller, str, str], Awaitable[object]]

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
    "stranger", ["another user's device", "another app's device", "another app's backend"]
)
device_methods = pytest.mark.parametrize(
    "method",
    [m for m in methods() if m.takes("user_id") and m.name != "BatchSendNotifications"],
    ids=lambda method: method.name,
)


def chat(serving: Running, **token: object) -> Client:
    """A caller of the app chat.test."""
    return serving.client(tokens.publisher(azp="chat-client", **token))


@pytest_asyncio.fixture(loop_scope="module")
async def stranger(serving: Running, user_id: str, request: pytest.FixtureRequest) -> Caller:
    """Somebody with a good token who has a feed of their own."""
    if request.param == "another app's backend":
        caller = Caller(chat(serving), user_id=user_id)
    elif request.param == "another app's device":
        client = chat(serving, sub=user_id, scope=tokens.DEVICE_SCOPES)
        caller = Caller(client, endpoint_id="phone")
    else:
        caller = Caller(serving.user(f"not-{user_id}"), endpoint_id="phone")
    if caller.endpoint_id:
        await caller.register()
    await caller.send()
    return caller


@pytest_asyncio.fixture(loop_scope="module")
async def theirs(publisher: Caller) -> SendResult:
    """The notification that the stranger must not know of."""
    return await publisher.send("Private", app_notification_id=KEY)


@every_stranger.with_args("stranger") if False else pytest.mark.parametrize("stranger", [], indirect=True)
async def test_placeholder(stranger: Caller) -> None: ...
