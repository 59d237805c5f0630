"""The history: newest first, filtered, in pages that fit together, and a position to go on from."""

from datetime import timedelta

import pytest

from tests.client.conftest import Join, Serve
from tests.support.services import Service
from unisono.client import (
    Device,
    InvalidRequest,
    NotFound,
    Platform,
    Publisher,
    ReadState,
    UserActionState,
    draft,
)
from unisono.client._wire.methods import LIST
from unisono.v1.notification_service_pb2 import ListNotificationsRequest

SECOND = timedelta(seconds=1)


async def titles(publisher: Publisher, **filters: object) -> list[str]:
    return [row.title async for row in publisher.list("ada", **filters)]  # type: ignore[arg-type]


async def test_it_is_newest_first_by_creation(publisher: Publisher) -> None:
    one, _, three = [await publisher.send("ada", title=title) for title in ("One", "Two", "Three")]
    await publisher.update("ada", one, title="One, again")
    await publisher.delete("ada", three)
    assert await titles(publisher) == ["Two", "One, again"]


async def test_of_nobody_it_is_empty(publisher: Publisher) -> None:
    assert await titles(publisher) == []
    assert (await publisher.get_feed("ada")).last_revision == 0


async def test_what_was_read_or_dismissed_stays_in_it(publisher: Publisher) -> None:
    one = await publisher.send("ada", title="One")
    await publisher.mark("ada", one, read_state=ReadState.READ, user_action_state=UserActionState.DISMISSED)
    assert await titles(publisher) == ["One"]


async def test_filters_combine(service: Service, publisher: Publisher) -> None:
    start = service.now
    rows = []
    for number in range(6):
        group, kind = "odd" if number % 2 else "", "third" if number == 2 else ""
        rows.append(await publisher.send("ada", title=str(number), group_name=group, category=kind))
        await service.advance(SECOND)
    await publisher.mark("ada", rows[:3], read_state=ReadState.READ)
    await publisher.mark("ada", rows[1], user_action_state=UserActionState.ACTIVATED)

    assert await titles(publisher, read_state=ReadState.UNREAD) == ["5", "4", "3"]
    assert await titles(publisher, user_action_state=UserActionState.ACTIVATED) == ["1"]
    assert await titles(publisher, group_name="odd") == ["5", "3", "1"]
    assert await titles(publisher, group_name="") == ["4", "2", "0"]
    assert await titles(publisher, category="third") == ["2"]
    assert await titles(publisher, category="") == ["5", "4", "3", "1", "0"]
    assert await titles(publisher, start_time=start + 3 * SECOND) == ["5", "4", "3"]
    assert await titles(publisher, end_time=start + 3 * SECOND) == ["2", "1", "0"]
    both = {"start_time": start + SECOND, "end_time": start + 4 * SECOND}
    assert await titles(publisher, **both, group_name="odd", read_state=ReadState.READ) == ["1"]


async def test_pages_fit_together(publisher: Publisher) -> None:
    for number in range(5):
        await publisher.send("ada", title=str(number))
    assert await titles(publisher, page_size=2) == ["4", "3", "2", "1", "0"]


async def test_what_comes_or_goes_between_pages_moves_nothing(publisher: Publisher) -> None:
    sent = [await publisher.send("ada", title=str(number)) for number in range(5)]
    first = await publisher.page("ada", page_size=2)
    await publisher.send("ada", title="new")
    await publisher.delete("ada", sent[2])
    second = await publisher.page("ada", first.next_page_token, page_size=2)
    assert [row.title for row in first.notifications] == ["4", "3"]
    assert [row.id for row in second.notifications] == [sent[1].id, sent[0].id]
    assert second.next_page_token == ""


async def test_a_page_ends_at_its_size_in_bytes(serve: Serve) -> None:
    service = await serve(page_bytes=3000)
    async with Publisher(service.transport, service.app_token()) as publisher:
        for _ in range(4):
            await publisher.send("ada", title="x" * 1000)
    request = ListNotificationsRequest(user_id="ada")
    page = await service.transport.unary(LIST, request, token=service.app_token(), timeout=20)
    assert len(page.notifications) == 2
    assert page.next_page_token


async def test_a_page_that_has_looked_at_many_is_short_and_not_the_last(publisher: Publisher) -> None:
    """The oldest is all that is looked for."""
    await publisher.send("ada", title="Found", group_name="work")
    await publisher.batch([draft("ada", title=str(number)) for number in range(1000)])

    pages = [await publisher.page("ada", group_name="work")]
    pages.append(await publisher.page("ada", pages[0].next_page_token, group_name="work"))

    assert [len(page.notifications) for page in pages] == [0, 1]
    assert [bool(page.next_page_token) for page in pages] == [True, False]


async def test_a_page_token_goes_with_its_filters_and_its_user(publisher: Publisher) -> None:
    for _ in range(2):
        await publisher.send("ada", title="x")
    token = (await publisher.page("ada", page_size=1)).next_page_token
    others = (
        publisher.page("bob", token),
        publisher.page("ada", token, group_name=""),
        publisher.page("ada", token, read_state=ReadState.UNREAD),
    )
    for other in others:
        with pytest.raises(InvalidRequest) as raised:
            await other
        problem = "was given out for another user or for other filters"
        assert raised.value.violations == {"page_token": problem}


async def test_a_device_sees_what_is_meant_for_it(publisher: Publisher, join: Join) -> None:
    phone = await join("phone", Platform.IOS)
    await publisher.send("ada", title="All")
    await publisher.send("ada", title="Linux", platforms=[Platform.LINUX])
    await publisher.send("ada", title="Phone or Linux", platforms=[Platform.LINUX], endpoint_ids=["phone"])
    assert [row.title async for row in phone.history()] == ["Phone or Linux", "All"]


async def test_the_first_page_of_a_device_has_a_position(service: Service, laptop: Device) -> None:
    request = ListNotificationsRequest(endpoint_id="laptop")
    page = await service.transport.unary(LIST, request, token=service.user_token(), timeout=20)
    assert page.resume_token
    request.ClearField("endpoint_id")
    page = await service.transport.unary(LIST, request, token=service.user_token(), timeout=20)
    assert not page.resume_token


async def test_of_an_endpoint_that_is_not_registered_there_is_none(service: Service) -> None:
    request = ListNotificationsRequest(endpoint_id="laptop")
    with pytest.raises(NotFound) as raised:
        await service.transport.unary(LIST, request, token=service.user_token(), timeout=20)
    assert raised.value.reason == "ENDPOINT_NOT_FOUND"
