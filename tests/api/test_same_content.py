"""What counts as the same content under one key, and what is checked before it and after it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from tests.support.api_client import REPLACE, ApiClient, time_of, titled
from tests.support.clocks import FakeClock
from tests.support.nodes import Running, Setup, running
from tests.support.rpc_errors import invalid, raises_status
from unisono.server.core.sweeper import SweepRules
from unisono.server.model import Limits
from unisono.v1 import notification_pb2 as pb

KEY = {"app_notification_id": "order-17"}
WEEK = 7 * 24 * 3600

RAW = b"{}"

FULL: dict[str, Any] = {
    "group_name": "orders",
    "payload": {"visual_content": {"title": "Order", "body": "Sent"}, "raw_content": RAW},
    "priority": pb.PRIORITY_HIGH,
    "target_policy": {
        "platforms": [pb.DEVICE_PLATFORM_IOS, pb.DEVICE_PLATFORM_WEB],
        "endpoint_ids": ["a", "b"],
    },
    "display_time_to_live": Duration(seconds=60),
    "expire_time": Timestamp(seconds=1_800_100_000, nanos=5_000_000),
}

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
    "another title": {"payload": {"visual_content": {"title": "order", "body": "Sent"}, "raw_content": RAW}},
    "another body": {"payload": {"visual_content": {"title": "Order", "body": ""}, "raw_content": RAW}},
    "a part moved": {"payload": {"visual_content": {"title": "OrderSent"}, "raw_content": RAW}},
    "no raw content": {"payload": {"visual_content": {"title": "Order", "body": "Sent"}}},
    "no visual content": {"payload": {"raw_content": RAW}},
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
