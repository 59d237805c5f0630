"""Devices that catch up together share what they read, and none is told less because of it."""

import pytest

from tests.support.core_harness import CoreHarness, Stream, running
from unisono.server.core import catch_up_cache
from unisono.server.model import Notification


async def three_and_a_laptop_that_has_them(harness: CoreHarness) -> list[Notification]:
    sent = [await harness.send() for _ in range(3)]
    await Stream(harness, "laptop").synced()
    return sent


async def welcomed(harness: CoreHarness) -> Stream:
    """A phone that has not caught up yet."""
    phone = await Stream(harness, "phone").open()
    assert (await phone.next()).HasField("welcome")
    return phone


async def has(phone: Stream, sent: list[Notification]) -> bool:
    """Whether it holds these, and no others, at Synced."""
    while not (await phone.next()).HasField("synced"):
        pass
    return set(phone.held.notifications) == {row.id for row in sent}


async def test_what_comes_while_a_device_opens_is_in_its_catch_up() -> None:
    async with running(CoreHarness()) as harness:
        sent = await three_and_a_laptop_that_has_them(harness)
        phone = await welcomed(harness)

        sent.append(await harness.send())

        assert await has(phone, sent)


async def test_what_comes_on_its_first_page_is_not_missing_on_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catch_up_cache, "PAGE_ROWS", 2)
    async with running(CoreHarness()) as harness:
        sent = await three_and_a_laptop_that_has_them(harness)
        phone = await welcomed(harness)

        sent.append(await harness.send())

        assert await has(phone, sent)
