"""What counts as the same content under one key, and what is checked before it and after it."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from tests.support import tokens
from tests.support.api_client import REPLACE, ApiClient, time_of, titled
from tests.support.clocks import FakeClock
from tests.support.methods import methods
from tests.support.nodes import Running, Setup, running
from tests.support.rpc_errors import invalid, raises_status
from unisono.client import bearer
from unisono.server.api.convert import protowire
from unisono.server.core.sweeper import SweepRules
from unisono.server.model import Limits
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

KEY = {"app_notification_id": "order-17"}
WEEK = 7 * 24 * 3600

DATA = {"order": "17", "état": "", "\U0001f514": "z"}
ACTION = {"action_id": "pay", "label": "Pay", "link": "shop:pay"}
ICON, IMAGE = "https://unisono.test/icon", "https://unisono.test/image"
VISUAL: dict[str, Any] = {
    "title": "Order",
    "body": "Sent",
    "link": "shop:17",
    "icon_url": ICON,
    "image_url": IMAGE,
    "actions": [ACTION],
    "format": pb.BODY_FORMAT_MARKDOWN,
}

FULL: dict[str, Any] = {
    "group_name": "orders",
    "payload": {"visual_content": VISUAL, "raw_content": b"{}", "data": DATA},
    "priority": pb.PRIORITY_HIGH,
    "target_policy": {
        "platforms": [pb.DEVICE_PLATFORM_IOS, pb.DEVICE_PLATFORM_WEB],
        "endpoint_ids": ["a", "b"],
    },
    "display_time_to_live": Duration(seconds=60),
    "expire_time": Timestamp(seconds=1_800_100_000, nanos=5_000_000),
}


def payload(visual: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """The payload of FULL, but for these parts of its visual content, and of itself."""
    return {"payload": {**FULL["payload"], "visual_content": {**VISUAL, **(visual or {})}, **parts}}


SAME: dict[str, dict[str, Any]] = {
    "platforms in another order": {
        "target_policy": {
            "platforms": [pb.DEVICE_PLATFORM_WEB, pb.DEVICE_PLATFORM_IOS],
            "endpoint_ids": ["a", "b"],
        }
    },
    "endpoints twice": {
        "target_policy": {
            "platforms": [pb.DEVICE_PLATFORM_IOS, pb.DEVICE_PLATFORM_WEB],
            "endpoint_ids": ["b", "a", "b"],
        }
    },
    "less than a millisecond later": {"expire_time": Timestamp(seconds=1_800_100_000, nanos=5_999_999)},
    "shown for less than a millisecond more": {"display_time_to_live": Duration(seconds=60, nanos=999)},
}

OTHER: dict[str, dict[str, Any]] = {
    "another group": {"group_name": "Orders"},
    "no group": {"group_name": ""},
    "a category": {"category": "orders"},
    "another title": payload({"title": "order"}),
    "another body": payload({"body": ""}),
    "a part moved": payload({"title": "OrderSent", "body": ""}),
    "no raw content": payload(raw_content=b""),
    "no visual content": payload(visual_content=None),
    "another link": payload({"link": "shop:18"}),
    "another icon": payload({"icon_url": IMAGE}),
    "no image": payload({"image_url": ""}),
    "another action": payload({"actions": [{**ACTION, "action_id": "buy"}]}),
    "another label": payload({"actions": [{**ACTION, "label": "Buy"}]}),
    "an action that opens nothing": payload({"actions": [{**ACTION, "link": ""}]}),
    "one more action": payload({"actions": [ACTION, {"action_id": "no", "label": "No"}]}),
    "another format": payload({"format": 0}),
    "no data": payload(data={}),
    "less data": payload(data={"order": "17", "\U0001f514": "z"}),
    "other data": payload(data={**DATA, "état": "17"}),
    "data of another name": payload(data={"Order": "17", "état": "", "\U0001f514": "z"}),
    "another priority": {"priority": pb.PRIORITY_LOW},
    "no priority": {"priority": 0},
    "fewer platforms": {"target_policy": {"platforms": [pb.DEVICE_PLATFORM_IOS], "endpoint_ids": ["a", "b"]}},
    "other endpoints": {
        "target_policy": {
            "platforms": [pb.DEVICE_PLATFORM_IOS, pb.DEVICE_PLATFORM_WEB],
            "endpoint_ids": ["a,b"],
        }
    },
    "every endpoint": {"target_policy": None},
    "shown for longer": {"display_time_to_live": Duration(seconds=61)},
    "shown for ever": {"display_time_to_live": None},
    "a millisecond later": {"expire_time": Timestamp(seconds=1_800_100_000, nanos=6_000_000)},
    "no expiry": {"expire_time": None},
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
async def test_what_means_the_same_is_the_same(backend: ApiClient, change: dict[str, Any]) -> None:
    first = await backend.send(**KEY, **FULL)
    again = await backend.send(**KEY, **{**FULL, **change})
    assert (again.id, again.deduplicated) == (first.id, True)


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
async def test_a_change_of_any_field_is_other_content(backend: ApiClient, change: dict[str, Any]) -> None:
    await backend.send(**KEY, **FULL)
    with raises_status("ALREADY_EXISTS", "KEY_CONFLICT"):
        await backend.send(**KEY, **{**FULL, **change})


def field(number: int, value: bytes) -> bytes:
    """A field of bytes, whatever is in it."""
    return protowire.tag(number) + protowire.varint(len(value)) + value


def entry(key: str, text: str) -> bytes:
    """An entry of a payload's data."""
    return field(pb.Payload.DATA_FIELD_NUMBER, field(1, key.encode()) + field(2, text.encode()))


async def send_bytes(serving: Running, user_id: str, entries: Sequence[bytes]) -> service_pb.SendResult:
    """Send a payload of these entries, in this order."""
    request = ApiClient(serving.publisher, user_id=user_id).new(payload=None, **KEY).SerializeToString()
    request += field(service_pb.SendNotificationRequest.PAYLOAD_FIELD_NUMBER, b"".join(entries))
    (send,) = (method for method in methods() if method.name == "SendNotification")
    answer = await send.call(serving.channel, request, bearer(tokens.publisher()))
    return service_pb.SendNotificationResponse.FromString(answer).result


async def test_a_retry_with_data_in_any_order_is_stored_once(serving: Running, user_id: str) -> None:
    """Go sends a map in another order each time."""
    data = {f"key {number}": f"text {number}" for number in range(32)}
    entries = [entry(key, text) for key, text in data.items()]
    random, orders = Random(17), set[bytes]()  # noqa: S311
    first = await send_bytes(serving, user_id, entries)
    for _ in range(100):
        random.shuffle(entries)
        orders.add(b"".join(entries))
        again = await send_bytes(serving, user_id, entries)
        assert (again.id, again.deduplicated) == (first.id, True)
    assert len(orders) == 100
    row = await ApiClient(serving.publisher, user_id=user_id).get(first.id)
    assert dict(row.payload.data) == data


async def test_of_two_texts_of_a_name_the_last_counts(serving: Running, user_id: str) -> None:
    """As in protobuf."""
    first = await send_bytes(serving, user_id, [entry("a", "1"), entry("b", "2"), entry("a", "3")])
    again = await send_bytes(serving, user_id, [entry("b", "2"), entry("a", "3")])
    assert (again.id, again.deduplicated) == (first.id, True)


async def test_what_is_unknown_is_neither_compared_nor_kept(serving: Running, user_id: str) -> None:
    unknown = field(999, b"of a newer sender")
    first = await send_bytes(serving, user_id, [entry("a", "1"), unknown])
    again = await send_bytes(serving, user_id, [entry("a", "1")])
    assert (again.id, again.deduplicated) == (first.id, True)
    row = await ApiClient(serving.publisher, user_id=user_id).get(first.id)
    assert row.payload.SerializeToString() == entry("a", "1")


async def test_a_default_that_is_given_is_not_one_that_is_absent(
    backend: ApiClient, clock: FakeClock
) -> None:
    first = await backend.send(**KEY)
    assert first.expire_time == time_of(clock.now() + WEEK * 1000)
    with raises_status("ALREADY_EXISTS", "KEY_CONFLICT"):
        await backend.send(**KEY, expire_time=first.expire_time)


async def test_an_absent_field_stays_absent_as_time_goes_by(backend: ApiClient, clock: FakeClock) -> None:
    first = await backend.send(**KEY)
    clock.advance(3600)
    again = await backend.send(**KEY)
    assert (again.id, again.deduplicated, again.expire_time) == (first.id, True, first.expire_time)


@pytest.mark.parametrize("policy", [0, REPLACE], ids=["refuse", "replace"])
async def test_fields_are_checked_before_keys(backend: ApiClient, policy: int) -> None:
    await backend.send(**KEY)
    with invalid("payload.visual_content.title"):
        await backend.send("", **KEY, on_conflict=policy)


async def test_keys_are_checked_before_the_clock(backend: ApiClient) -> None:
    past = time_of(1)
    await backend.send(**KEY)
    with raises_status("ALREADY_EXISTS", "KEY_CONFLICT"):
        await backend.send(**KEY, expire_time=past)
    with invalid("expire_time"):
        await backend.send(**KEY, expire_time=past, on_conflict=REPLACE)
    assert (await backend.feed()).last_revision == 1


async def test_keys_are_checked_before_quotas(tmp_path: Path) -> None:
    limits = Limits(live_notifications_per_feed=1)
    async with running(Setup(path=tmp_path / "unisono.db", limits=limits)) as node:
        backend = ApiClient(node.publisher, user_id="ada")
        first = await backend.send(**KEY)
        assert (await backend.send(**KEY)).deduplicated
        with raises_status("ALREADY_EXISTS", "KEY_CONFLICT"):
            await backend.send("Other", **KEY)
        assert (await backend.send("Other", **KEY, on_conflict=REPLACE)).id == first.id
        with raises_status("RESOURCE_EXHAUSTED", "LIVE_NOTIFICATIONS_EXCEEDED"):
            await backend.send("Other", app_notification_id="order-18")


@pytest_asyncio.fixture(loop_scope="module")
async def forgetful(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Running]:
    """A node that keeps no tombstones."""
    rules = SweepRules(tombstones_per_feed=0)
    async with running(Setup(path=tmp_path / "unisono.db", clock=clock, sweep_rules=rules)) as node:
        yield node


async def test_a_key_is_forgotten_with_its_tombstone(forgetful: Running, clock: FakeClock) -> None:
    backend = ApiClient(forgetful.publisher, user_id="ada")
    first = await backend.send(**KEY)
    await backend.delete(first.id)
    while (again := await backend.send(**KEY)).deduplicated:
        clock.advance(1)
    assert again.id != first.id
    assert (await backend.get(again.id)).payload == titled("Hello")
