"""What changed since a revision: in order, with what was removed, and nothing lost between two polls."""

from datetime import timedelta
from typing import Any

import pytest

from tests.client.conftest import Join, Serve
from tests.client.polls import named, page, pages, polled
from tests.support.services import Service
from unisono.client import (
    Changes,
    ChangeType,
    EndpointDeleted,
    InvalidRequest,
    NotFound,
    Notification,
    Platform,
    Publisher,
    ReadState,
    RemovedNotification,
    SenderRole,
    UserActionState,
    draft,
)
from unisono.client._wire.methods import DELETE_ENDPOINT, LIST
from unisono.v1 import notification_pb2 as pb
from unisono.v1.endpoint_service_pb2 import DeleteEndpointRequest
from unisono.v1.notification_service_pb2 import ListNotificationsRequest

DAY = timedelta(days=1)


async def test_of_nobody_there_is_nothing(publisher: Publisher) -> None:
    assert await polled(publisher) == ([], 0)


async def test_it_begins_with_all_that_is_live(publisher: Publisher) -> None:
    one, two, _ = [await publisher.send("ada", title=title) for title in ("One", "Two", "Three")]
    await publisher.delete("ada", two)
    await publisher.mark("ada", one, read_state=ReadState.READ)

    changes, last_revision = await polled(publisher)

    assert named(changes) == ["Three", "One"]
    assert last_revision == 5
    assert changes[1] == await publisher.get("ada", one)


async def test_then_come_changes_in_their_order(publisher: Publisher) -> None:
    read, updated, dismissed, gone = [
        await publisher.send("ada", title=title, app_notification_id=title)
        for title in ("Read", "Old", "Dismissed", "Gone")
    ]
    await publisher.send("ada", title="As it was")
    _, last_revision = await polled(publisher)
    await publisher.mark("ada", dismissed, user_action_state=UserActionState.DISMISSED)
    await publisher.delete("ada", gone)
    await publisher.update("ada", updated, title="Updated")
    await publisher.mark("ada", read, read_state=ReadState.READ)
    await publisher.send("ada", title="New")

    changes, last_revision = await polled(publisher, last_revision)

    assert named(changes) == ["Dismissed", "-Gone", "Updated", "Read", "New"]
    assert [change.revision for change in changes] == [6, 7, 8, 9, 10]
    assert await polled(publisher, last_revision) == ([], 10)


async def test_each_comes_once_as_it_is_now(publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One")
    for state in (ReadState.READ, ReadState.UNREAD, ReadState.READ):
        await publisher.mark("ada", sent, read_state=state)

    (change,), _ = await polled(publisher, 1)

    assert isinstance(change, Notification)
    assert (change.read_state, change.revision) == (ReadState.READ, 4)


async def test_what_is_removed_says_why_and_when(service: Service, publisher: Publisher) -> None:
    await publisher.send("ada", title="Expires", expire_time=service.now + DAY, app_notification_id="key")
    gone = await publisher.send("ada", title="Deleted", app_notification_id="other")
    deleted_at = service.now
    await publisher.delete("ada", gone)
    await service.advance(DAY)

    (deleted, expired), _ = await polled(publisher, 2)

    assert deleted == RemovedNotification(
        id=gone.id,
        app_notification_id="other",
        sender_role=SenderRole.PUBLISHER,
        revision=3,
        remove_time=deleted_at,
        change_type=ChangeType.DELETED,
    )
    assert isinstance(expired, RemovedNotification)
    assert (expired.app_notification_id, expired.change_type) == ("key", ChangeType.EXPIRED)
    assert expired.remove_time == service.now


async def test_iterating_again_asks_for_what_has_changed_since(publisher: Publisher) -> None:
    changes = publisher.changes("ada")
    found: list[list[str]] = []
    for title in ("One", "Two", "Three"):
        await publisher.send("ada", title=title)
        found.append(named([change async for change in changes]))
    assert found == [["One"], ["Two"], ["Three"]]
    assert changes.last_revision == 3


async def test_pages_fit_together_while_things_change(publisher: Publisher) -> None:
    """Each change between two pages comes later, and what was removed is named."""
    sent = [await publisher.send("ada", title=f"{n}", app_notification_id=f"{n}") for n in range(6)]
    changes = publisher.changes("ada", page_size=2)
    held: dict[str, Notification] = {}
    given: list[tuple[str, int]] = []
    async for change in changes:
        given.append((change.id, change.revision))
        if isinstance(change, Notification):
            held[change.id] = change
        else:
            # It may have gone before it was given.
            held.pop(change.id, None)
        if len(given) == 2:
            await publisher.mark("ada", sent[0], read_state=ReadState.READ)
            await publisher.delete("ada", sent[1])
            await publisher.mark("ada", sent[3], read_state=ReadState.READ)
            await publisher.delete("ada", sent[5])
            await publisher.send("ada", title="New", app_notification_id="new")

    assert len(set(given)) == len(given)
    assert [revision for _, revision in given] == sorted(revision for _, revision in given)
    assert held == {row.id: row async for row in publisher.list("ada")}
    assert changes.last_revision == (await publisher.get_feed("ada")).last_revision


async def test_each_page_says_how_far_it_reaches(service: Service, publisher: Publisher) -> None:
    for number in range(5):
        await publisher.send("ada", title=str(number))
    found = await pages(service, page_size=2)
    assert [one.last_revision for one in found] == [2, 4, 5]
    assert not (await page(service, page_size=2)).resume_token


async def test_a_page_ends_at_its_size_in_bytes(serve: Serve) -> None:
    service = await serve(page_bytes=3000)
    async with Publisher(service.transport, service.app_token()) as publisher:
        for _ in range(4):
            await publisher.send("ada", title="x" * 1000)
    found = await pages(service)
    assert [[row.revision for row in one.notifications] for one in found] == [[1, 2], [3, 4]]


async def test_a_page_that_has_looked_at_many_is_short_and_not_the_last(
    service: Service, publisher: Publisher, join: Join
) -> None:
    await join("phone", Platform.IOS)
    await publisher.batch([draft("ada", title=f"{n}", platforms=[Platform.WEB]) for n in range(1000)])
    await publisher.send("ada", title="Found")

    found = await pages(service, endpoint_id="phone")

    assert not found[0].notifications
    assert [row.payload.visual_content.title for row in found[-1].notifications] == ["Found"]
    assert found[-1].last_revision == 1001


async def test_an_endpoint_gets_what_is_meant_for_it(
    service: Service, publisher: Publisher, join: Join
) -> None:
    await join("phone", Platform.IOS)
    await publisher.send("ada", title="All")
    await publisher.send("ada", title="Web", platforms=[Platform.WEB])
    for platform in (Platform.WEB, Platform.IOS):
        gone = await publisher.send("ada", title="Gone", platforms=[platform])
        await publisher.delete("ada", gone)
    for token in (service.user_token(), service.app_token()):
        begun = await page(service, token, endpoint_id="phone")
        (since,) = await pages(service, token, endpoint_id="phone", changed_after=1)
        assert [row.payload.visual_content.title for row in begun.notifications] == ["All"]
        assert [row.revision for row in since.removed_notifications] == [6]
        assert not since.notifications
        assert since.last_revision == begun.last_revision == 6


async def test_an_endpoint_must_be_registered(service: Service, publisher: Publisher) -> None:
    with pytest.raises(NotFound):
        await page(service, endpoint_id="phone")


async def test_a_deleted_endpoint_gets_nothing(service: Service, join: Join) -> None:
    await join("phone", Platform.IOS)
    request = DeleteEndpointRequest(endpoint_id="phone")
    await service.transport.unary(DELETE_ENDPOINT, request, token=service.user_token(), timeout=20)
    with pytest.raises(EndpointDeleted):
        await page(service, endpoint_id="phone")


@pytest.mark.parametrize(
    "filter_",
    [
        {"read_state": pb.READ_STATE_UNREAD},
        {"user_action_state": pb.USER_ACTION_STATE_DISMISSED},
        {"group_name": ""},
        {"start_time": {"seconds": 1}},
        {"end_time": {"seconds": 1}},
    ],
    ids=lambda filter_: next(iter(filter_)),
)
async def test_filters_are_refused(service: Service, filter_: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as raised:
        await page(service, **filter_)
    assert list(raised.value.violations) == list(filter_)


@pytest.mark.parametrize("revision", [-1, 2**53])
async def test_a_revision_has_its_range(service: Service, revision: int) -> None:
    with pytest.raises(InvalidRequest) as raised:
        await page(service, changed_after=revision)
    assert list(raised.value.violations) == ["changed_after"]


async def test_a_page_token_goes_with_its_list(service: Service, publisher: Publisher) -> None:
    for user_id in ("ada", "ada", "bob"):
        await publisher.send(user_id, title="x")
    token = (await page(service, page_size=1)).next_page_token
    other = "was given out for another user or for other filters"
    of_history = ListNotificationsRequest(user_id="ada", page_size=1)
    history = await service.transport.unary(LIST, of_history, token=service.app_token(), timeout=20)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"user_id": "bob", "page_token": token}, other),
        ({"changed_after": 1, "page_token": token}, other),
        ({"page_token": history.next_page_token}, "is not a page token"),
        ({"page_token": "x"}, "is not a page token"),
    ]
    for fields, problem in wrong:
        with pytest.raises(InvalidRequest) as raised:
            await page(service, **fields)
        assert raised.value.violations == {"page_token": problem}
    of_history.page_token = token
    with pytest.raises(InvalidRequest) as raised:
        await service.transport.unary(LIST, of_history, token=service.app_token(), timeout=20)
    assert raised.value.violations == {"page_token": "is not a page token"}


async def test_wrong_arguments_raise_at_once(publisher: Publisher) -> None:
    with pytest.raises(TypeError, match="after"):
        publisher.changes("ada", "5")  # type: ignore[arg-type]
    assert isinstance(publisher.changes("ada", 5), Changes)
