"""A list of changes that would lack a removal is refused, so that the client lists all anew."""

from datetime import timedelta

import pytest

from tests.client.conftest import Join
from tests.client.polls import named, page, polled
from tests.support.services import Service
from unisono.client import (
    Publisher,
    RevisionOutOfRange,
)

DAY = timedelta(days=1)


async def test_what_is_ahead_of_the_feed_is_out_of_range(publisher: Publisher) -> None:
    await publisher.send("ada", title="One")
    assert await polled(publisher, 1) == ([], 1)
    with pytest.raises(RevisionOutOfRange) as raised:
        await polled(publisher, 2)
    assert raised.value.reason == "REVISION_OUT_OF_RANGE"
    assert raised.value.metadata == {"floor": "0", "revision": "1"}


async def test_where_removals_may_be_forgotten_all_is_listed_anew(
    service: Service, publisher: Publisher, join: Join
) -> None:
    await join("phone")
    for title in ("Gone", "Gone too"):
        await publisher.delete("ada", await publisher.send("ada", title=title))
    await service.advance(31 * DAY)
    await publisher.send("ada", title="Here")

    with pytest.raises(RevisionOutOfRange) as raised:
        await polled(publisher, 3)

    assert raised.value.metadata == {"floor": "4", "revision": "5"}
    assert [named(changes) for changes, _ in [await polled(publisher, 4), await polled(publisher)]] == [
        ["Here"],
        ["Here"],
    ]


async def test_a_list_from_the_beginning_outlasts_a_purge(service: Service, publisher: Publisher) -> None:
    """What it has given was there when it began, and what was removed before need not be named."""
    gone = await publisher.send("ada", title="Gone")
    for title in ("One", "Two"):
        await publisher.send("ada", title=title, expire_time=service.now + 30 * DAY)
    await publisher.delete("ada", gone)
    first = await page(service, page_size=1)

    await service.advance(31 * DAY)

    last = await page(service, page_token=first.next_page_token)
    assert [row.revision for row in last.removed_notifications] == [5, 6]


async def test_a_list_that_lost_removals_while_it_was_read_is_out_of_range(
    service: Service, publisher: Publisher, join: Join
) -> None:
    await join("phone")
    sent = [await publisher.send("ada", title=title) for title in ("One", "Two")]
    first = await page(service, page_size=1)
    await publisher.delete("ada", sent[0])
    await service.advance(31 * DAY)
    with pytest.raises(RevisionOutOfRange):
        await page(service, page_size=1, page_token=first.next_page_token)


async def test_pages_of_a_feed_that_began_anew_are_out_of_range(
    service: Service, publisher: Publisher
) -> None:
    for title in ("One", "Two"):
        await publisher.send("ada", title=title)
    first = await page(service, page_size=1)
    await service.advance(31 * DAY)
    await service.advance(31 * DAY)
    for title in ("Three", "Four", "Five"):
        await publisher.send("ada", title=title)

    with pytest.raises(RevisionOutOfRange):
        await page(service, page_size=1, page_token=first.next_page_token)
    with pytest.raises(RevisionOutOfRange):
        await polled(publisher, 4)
    assert named((await polled(publisher))[0]) == ["Three", "Four", "Five"]
