"""What a feed holds at most, whatever is sent to it: both services refuse the same, and nothing else."""

from typing import Any

import pytest

from tests.client.conftest import Serve
from unisono.client import Platform, Publisher, QuotaExceeded

LARGE: dict[str, Any] = {"title": "x", "raw_content": bytes(900)}


async def raised(call: Any, reason: str, limit: int) -> None:
    with pytest.raises(QuotaExceeded) as error:
        await call
    assert (error.value.reason, error.value.metadata) == (reason, {"limit": str(limit)})


async def publishing(serve: Serve, **limits: int) -> Publisher:
    service = await serve(**limits)
    return Publisher(service.transport, service.app_token())


async def test_live_notifications_have_so_many_target_policies(serve: Serve) -> None:
    async with await publishing(serve, target_policies_per_feed=2) as publisher:
        first = await publisher.send("ada", title="One", app_notification_id="one", platforms=[Platform.IOS])
        await publisher.send("ada", title="Two", app_notification_id="two", endpoint_ids=["a", "b"])

        third = publisher.send("ada", title="Three", endpoint_ids=["c"])
        await raised(third, "TARGET_POLICIES_EXCEEDED", 2)

        await publisher.send("ada", title="Again", platforms=[Platform.IOS])
        await publisher.send("ada", title="The same", endpoint_ids=["b", "a"])
        await publisher.send("ada", title="All")
        await publisher.send("bob", title="Another's", endpoint_ids=["c"])
        repeated = publisher.send("ada", title="One", app_notification_id="one", platforms=[Platform.IOS])
        assert (await repeated).id == first.id


async def test_a_target_policy_that_nothing_live_has_counts_no_more(serve: Serve) -> None:
    async with await publishing(serve, target_policies_per_feed=1) as publisher:
        one = await publisher.send("ada", title="One", endpoint_ids=["a"])
        two = await publisher.send("ada", title="Two", endpoint_ids=["a"])
        await publisher.delete("ada", one)
        await raised(publisher.send("ada", title="No", endpoint_ids=["b"]), "TARGET_POLICIES_EXCEEDED", 1)
        await publisher.delete("ada", two)
        await publisher.send("ada", title="Yes", endpoint_ids=["b"])


async def test_what_is_replaced_makes_room_for_another_target_policy(serve: Serve) -> None:
    async with await publishing(serve, target_policies_per_feed=1) as publisher:
        named: dict[str, Any] = {"app_notification_id": "status", "replace": True}
        for number in range(4):
            await publisher.send("ada", title=str(number), endpoint_ids=[f"phone {number}"], **named)
        await publisher.send("ada", title="Beside", endpoint_ids=["phone 3"])

        moved = publisher.send("ada", title="No", endpoint_ids=["phone 4"], **named)
        await raised(moved, "TARGET_POLICIES_EXCEEDED", 1)


async def test_live_notifications_take_so_many_bytes(serve: Serve) -> None:
    async with await publishing(serve, feed_bytes=2500) as publisher:
        one = await publisher.send("ada", **LARGE, app_notification_id="one")
        await publisher.send("ada", **LARGE)

        await raised(publisher.send("ada", **LARGE), "FEED_BYTES_EXCEEDED", 2500)

        assert (await publisher.send("ada", **LARGE, app_notification_id="one")).deduplicated
        await publisher.send("ada", title="A little more")
        await publisher.send("bob", **LARGE)
        await publisher.delete("ada", one)
        await publisher.send("ada", **LARGE)


async def test_target_policies_are_a_part_of_the_bytes(serve: Serve) -> None:
    async with await publishing(serve, feed_bytes=2500) as publisher:
        await publisher.send("ada", title="x", endpoint_ids=[f"{n:0200}" for n in range(10)])

        await raised(publisher.send("ada", **LARGE), "FEED_BYTES_EXCEEDED", 2500)


async def test_nothing_grows_beyond_the_bytes_and_anything_may_shrink(serve: Serve) -> None:
    async with await publishing(serve, feed_bytes=2500) as publisher:
        named: dict[str, Any] = {"app_notification_id": "status", "replace": True}
        status = await publisher.send("ada", title="Small", **named)
        await publisher.send("ada", **LARGE)
        await publisher.send("ada", **LARGE)

        await raised(publisher.send("ada", **LARGE, **named), "FEED_BYTES_EXCEEDED", 2500)
        await raised(publisher.send("ada", **LARGE, endpoint_ids=["a"], **named), "FEED_BYTES_EXCEEDED", 2500)
        await raised(publisher.update("ada", status, **LARGE), "FEED_BYTES_EXCEEDED", 2500)

        await publisher.send("ada", title="Smaller still", **named)
        await publisher.update("ada", status, title="x")
        await publisher.update("ada", status, group_name="work")
