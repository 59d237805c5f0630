"""Devices that catch up together share what they read, and none is told less because of it."""

import pytest

from tests.support.stage import Stage, Stream, playing
from unisono.server.core import catch_up_cache
from unisono.server.model import Notification


async def three_and_a_laptop_that_has_them(stage: Stage) -> list[Notification]:
    sent = [await stage.send() for _ in range(3)]
    await Stream(stage, "laptop").synced()
    return sent


async def welcomed(stage: Stage) -> Stream:
    """A phone that has not caught up yet."""
    phone = await Stream(stage, "phone").open()
    assert (await phone.take()).HasField("welcome")
    return phone


async def has(phone: Stream, sent: list[Notification]) -> bool:
    """Whether it holds these, and no others, at Synced."""
    while not (await phone.take()).HasField("synced"):
        pass
    return set(phone.held.notifications) == {row.id for row in sent}


async def test_what_comes_while_a_device_opens_is_in_its_catch_up() -> None:
    async with playing(Stage()) as stage:
        sent = await three_and_a_laptop_that_has_them(stage)
        phone = await welcomed(stage)

        sent.append(await stage.send())

        assert await has(phone, sent)


async def test_what_comes_on_its_first_page_is_not_missing_on_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catch_up_cache, "PAGE_ROWS", 2)
    async with playing(Stage()) as stage:
        sent = await three_and_a_laptop_that_has_them(stage)
        phone = await welcomed(stage)

        sent.append(await stage.send())

        assert await has(phone, sent)
