"""Lists go on until the server says that they end, and no server makes them go on for ever."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.sdk.device_script import TOKEN, laptop
from tests.support.stub_server import StubServer
from unisono.client import BlockingPublisher, Device, InternalError, Publisher
from unisono.client._wire import page_tokens
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb

Page = tuple[int, str]
"""How many rows, and the token of the next page."""


class Pages:
    """Answers with these pages, one after the other."""

    def __init__(self, script: StubServer, pages: Iterator[Page]) -> None:
        self._script = script
        self._pages = pages
        self._ids = itertools.count()
        script.answer("ListNotifications", self._answer)

    @property
    def asked(self) -> list[str]:
        """The page tokens that came back."""
        return [request.page_token for request in self._script.requests("ListNotifications")]

    async def _answer(self, _: pb.ListNotificationsRequest) -> pb.ListNotificationsResponse:
        rows, token = next(self._pages)
        notifications = [notification_pb2.Notification(id=f"id-{next(self._ids)}") for _ in range(rows)]
        return pb.ListNotificationsResponse(notifications=notifications, next_page_token=token)


@pytest.fixture
def pages(script: StubServer) -> Callable[..., Pages]:
    return lambda *given: Pages(script, iter(given))


async def listed(publisher: Publisher) -> list[str]:
    return [row.id async for row in publisher.list("ada")]


async def test_short_and_empty_pages_are_not_the_end(publisher: Publisher, pages: Any) -> None:
    served = pages((0, "a"), (1, "b"), (0, "c"), (0, "d"), (2, ""))
    assert await listed(publisher) == ["id-0", "id-1", "id-2"]
    assert served.asked == ["", "a", "b", "c", "d"]


async def test_nor_for_devices(script: StubServer, pages: Any) -> None:
    pages((0, "a"), (1, ""))
    device: Device = laptop(script.target)
    assert [row.id async for row in device.history()] == ["id-0"]
    await device.close()


async def test_nor_without_an_event_loop(script: StubServer, pages: Any) -> None:
    pages((0, "a"), (1, ""))

    def rows() -> list[str]:
        with BlockingPublisher(script.target, TOKEN) as publisher:
            return [row.id for row in publisher.list("ada")]

    assert await asyncio.to_thread(rows) == ["id-0"]


@pytest.mark.parametrize("circle", [("a", "a"), ("a", "b", "a"), ("a", "b", "c", "b")])
async def test_a_token_that_was_used_before_is_an_error(
    publisher: Publisher, pages: Any, circle: tuple[str, ...]
) -> None:
    served = pages(*((1, token) for token in circle))
    with pytest.raises(InternalError, match="the same page token twice"):
        await listed(publisher)
    assert served.asked == ["", *circle[:-1]]


async def test_so_are_empty_pages_without_an_end(
    publisher: Publisher, pages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_tokens, "MAX_EMPTY_PAGES", 7)
    served = pages(*((0, f"{number}") for number in range(20)))
    with pytest.raises(InternalError, match="8 empty pages in a row"):
        await listed(publisher)
    assert len(served.asked) == 8


async def test_changes_of_a_server_that_does_not_know_them_are_an_error(
    publisher: Publisher, script: StubServer
) -> None:
    """It answers the history, newest first, and no revision."""

    async def history(_: pb.ListNotificationsRequest) -> pb.ListNotificationsResponse:
        row = notification_pb2.Notification(id="one", revision=7)
        return pb.ListNotificationsResponse(notifications=[row])

    script.answer("ListNotifications", history)
    for after in (0, 9):
        with pytest.raises(InternalError, match="older than changed_after"):
            [change async for change in publisher.changes("ada", after)]


async def test_pages_of_changes_end_too(publisher: Publisher, script: StubServer) -> None:
    async def page(_: pb.ListNotificationsRequest) -> pb.ListNotificationsResponse:
        return pb.ListNotificationsResponse(next_page_token="again")

    script.answer("ListNotifications", page)
    with pytest.raises(InternalError, match="the same page token twice"):
        [change async for change in publisher.changes("ada")]


async def test_but_not_where_there_is_something_among_them(
    publisher: Publisher, pages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_tokens, "MAX_EMPTY_PAGES", 7)
    pages(*((number % 7 == 6, f"{number}") for number in range(30)), (0, ""))
    assert len(await listed(publisher)) == 4
