"""How many there may be: as many as the limit says are good, and one more is refused by name."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from tests.support.api_client import READ, REPLACE, ApiClient
from tests.support.clocks import FakeClock
from tests.support.devices import Device
from tests.support.nodes import Running, Setup, running
from tests.support.rpc_errors import invalid, raises_status
from unisono.server.core.access.principal import Role
from unisono.server.model import Limits


async def test_a_batch_may_have_1000_items(publisher: ApiClient) -> None:
    results = await publisher.send_all(*[publisher.new()] * 1000)
    assert [item.result.revision for item in results] == list(range(1, 1001))


@pytest.mark.parametrize(
    ("count", "why"),
    [(0, "must have at least one member"), (1001, "must have at most 1000 members")],
)
async def test_a_batch_has_1_to_1000_items(publisher: ApiClient, count: int, why: str) -> None:
    with invalid("requests") as failure:
        await publisher.send_all(*[publisher.new()] * count)
    assert failure.violations["requests"] == why
    assert (await publisher.feed()).last_revision == 0


async def test_a_mark_may_have_500_references(publisher: ApiClient) -> None:
    sent = await publisher.send_all(*[publisher.new()] * 500)
    marked = await publisher.mark(*[item.result.id for item in sent], read_state=READ)
    assert (marked.changed, marked.unread_count) == (500, 0)


async def test_a_mark_may_not_have_501(publisher: ApiClient) -> None:
    with invalid("references.refs") as failure:
        await publisher.mark(*["x"] * 501, read_state=READ)
    assert failure.violations["references.refs"] == "must have at most 500 members"


async def test_a_policy_may_have_100_endpoints(publisher: ApiClient) -> None:
    ids = sorted(f"device-{number}" for number in range(100))
    result = await publisher.send(target_policy={"endpoint_ids": ids})
    assert (await publisher.get(result.id)).target_policy.endpoint_ids == ids


async def test_a_policy_may_not_have_101(publisher: ApiClient) -> None:
    with invalid("target_policy.endpoint_ids") as failure:
        await publisher.send(target_policy={"endpoint_ids": [f"device-{n}" for n in range(101)]})
    assert failure.violations["target_policy.endpoint_ids"] == "must have at most 100 members"


async def test_a_page_has_50_items_or_up_to_500(publisher: ApiClient) -> None:
    await publisher.send_all(*[publisher.new()] * 501)
    for asked, got in ((0, 50), (1, 1), (500, 500)):
        page = await publisher.history(page_size=asked)
        assert len(page.notifications) == got
        assert page.next_page_token
    with invalid("page_size") as failure:
        await publisher.history(page_size=501)
    assert failure.violations["page_size"] == "must be at least 0 and at most 500, is 501"


SMALL = Limits(endpoints_per_user=3, streams_per_user=2, live_notifications_per_feed=3)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def small(tmp_path_factory: pytest.TempPathFactory, clock: FakeClock) -> AsyncIterator[Running]:
    """A node on which there is little of everything."""
    path = tmp_path_factory.mktemp("small") / "unisono.db"
    async with running(Setup(path=path, clock=clock, limits=SMALL)) as node:
        yield node


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.DEVICE])
async def test_a_feed_holds_as_many_live_notifications_as_it_may(
    small: Running, user_id: str, role: Role
) -> None:
    publisher = ApiClient(small.publisher, user_id=user_id)
    device = ApiClient(small.user(user_id), endpoint_id="phone")
    caller = publisher if role is Role.PUBLISHER else device
    first = await publisher.send()
    await device.send()
    await caller.send(app_notification_id="key")
    with raises_status("RESOURCE_EXHAUSTED", "LIVE_NOTIFICATIONS_EXCEEDED") as failure:
        await caller.send()
    assert failure.metadata == {"limit": "3"}
    await caller.send("Other", app_notification_id="key", on_conflict=REPLACE)
    await publisher.delete(first.id)
    assert (await caller.send()).revision == 6


async def test_a_batch_is_cut_at_the_quota_of_its_feed(small: Running, user_id: str) -> None:
    publisher = ApiClient(small.publisher, user_id=user_id)
    items = [publisher.new()] * 5
    results = await publisher.send_all(*items, publisher.new(user_id=f"not-{user_id}"))
    assert [item.WhichOneof("outcome") for item in results] == ["result"] * 3 + ["error"] * 2 + ["result"]


async def test_a_user_has_as_many_streams_as_it_may(small: Running, user_id: str) -> None:
    async with AsyncExitStack() as open_streams:
        for name in ("phone", "laptop"):
            device = await Device(small.user(user_id), name).connect()
            open_streams.push_async_callback(device.disconnect)
        refused_device = ApiClient(small.user(user_id), endpoint_id="tablet")
        with raises_status("RESOURCE_EXHAUSTED", "OPEN_STREAMS_EXCEEDED") as failure:
            await refused_device.welcome()
        assert failure.metadata == {"limit": "2"}
        assert len(await refused_device.endpoints()) == 2
        newer = await Device(small.user(user_id), "phone").connect()
        open_streams.push_async_callback(newer.disconnect)


async def test_beyond_its_endpoints_the_one_unseen_longest_gives_way(
    small: Running, clock: FakeClock, user_id: str
) -> None:
    caller = ApiClient(small.user(user_id))
    for name in ("first", "second", "third"):
        clock.advance(1)
        await caller.register(endpoint_id=name)
    clock.advance(1)
    await caller.register(endpoint_id="first")
    await caller.register(endpoint_id="fourth")
    assert [e.endpoint_id for e in await caller.endpoints()] == ["first", "third", "fourth"]
    with raises_status("NOT_FOUND", "ENDPOINT_NOT_FOUND"):
        await caller.endpoint(endpoint_id="second")
    await caller.register(endpoint_id="second")
    assert [e.endpoint_id for e in await caller.endpoints()] == ["first", "fourth", "second"]


async def test_an_endpoint_with_a_stream_does_not_give_way(
    small: Running, clock: FakeClock, user_id: str
) -> None:
    caller = ApiClient(small.user(user_id))
    oldest = await Device(small.user(user_id), "oldest").connect()
    for name in ("second", "third", "fourth"):
        clock.advance(1)
        await caller.register(endpoint_id=name)
    assert [e.endpoint_id for e in await caller.endpoints()] == ["oldest", "third", "fourth"]
    await oldest.disconnect()


async def test_when_all_endpoints_have_streams_none_gives_way(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("connected") / "unisono.db"
    async with running(Setup(path=path, limits=Limits(endpoints_per_user=2))) as node:
        devices = [await Device(node.user(), name).connect() for name in ("phone", "laptop")]
        caller = ApiClient(node.user(), endpoint_id="tablet")
        for act in (caller.register, caller.welcome):
            with raises_status("RESOURCE_EXHAUSTED", "ENDPOINTS_EXCEEDED") as failure:
                await act()
            assert failure.metadata == {"limit": "2"}
        for device in devices:
            await device.disconnect()


async def test_a_user_has_100_endpoints(serving: Running, user_id: str) -> None:
    caller = ApiClient(serving.user(user_id))
    for number in range(101):
        await caller.register(endpoint_id=f"device-{number}")
    assert len(await caller.endpoints()) == 100


async def test_a_user_has_50_streams(serving: Running, user_id: str) -> None:
    devices = [Device(serving.user(user_id), f"device-{number}") for number in range(50)]
    for device in devices:
        await device.connect()
    with raises_status("RESOURCE_EXHAUSTED", "OPEN_STREAMS_EXCEEDED") as failure:
        await ApiClient(serving.user(user_id), endpoint_id="one-more").welcome()
    assert failure.metadata == {"limit": "50"}
    for device in devices:
        await device.disconnect()
