"""The messages of a stream, one by one: Welcome, the net state, Synced, what happens, Goodbye."""

from datetime import UTC, timedelta

import pytest
from google.protobuf.duration_pb2 import Duration

from tests.client.streams import caught_up, events_of, ids_of, stream
from tests.support.services import Service
from unisono.client import (
    Platform,
    Publisher,
    ReadState,
    draft,
)
from unisono.client._wire.methods import (
    ACKNOWLEDGE,
    LIST,
    SEND,
    UPDATE_ENDPOINT,
)
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2
from unisono.v1.endpoint_service_pb2 import (
    UpdateEndpointRequest,
)
from unisono.v1.notification_service_pb2 import ListNotificationsRequest


async def test_it_opens_with_what_is_there(service: Service, publisher: Publisher) -> None:
    read = await publisher.send("ada", title="Read")
    await publisher.send("ada", title="Unread")
    await publisher.mark("ada", read, read_state=ReadState.READ)
    async with stream(service) as opened:
        welcome = await opened.next("welcome")
        batch = await opened.next("event_batch")
        synced = await opened.next("synced")
    assert (welcome.welcome.resumed, welcome.revision, welcome.complete) == (False, 0, False)
    assert welcome.welcome.session_id
    assert welcome.welcome.heartbeat_interval == Duration(seconds=30)
    assert (batch.revision, batch.complete, batch.unread_count) == (3, False, 1)
    assert [
        (e.revision, e.change_type, e.removed, e.alert, e.notification.payload.visual_content.title)
        for e in batch.event_batch.events
    ] == [
        (2, pb.CHANGE_TYPE_CREATED, False, False, "Unread"),
        (3, pb.CHANGE_TYPE_CREATED, False, False, "Read"),
    ]
    assert (synced.revision, synced.complete, synced.unread_count) == (3, True, 1)
    assert welcome.resume_token
    assert welcome.resume_token != synced.resume_token


async def test_it_goes_on_with_what_happens(service: Service, publisher: Publisher) -> None:
    async with stream(service) as opened:
        await opened.next("welcome")
        assert (await opened.next("synced")).revision == 0
        sent = await publisher.send("ada", title="Hello")
        created = await opened.next("event_batch")
        await publisher.mark("ada", sent, read_state=ReadState.READ)
        marked = await opened.next("event_batch")
        await publisher.delete("ada", sent)
        deleted = await opened.next("event_batch")
    assert [(m.revision, m.complete, m.unread_count) for m in (created, marked, deleted)] == [
        (1, True, 1),
        (2, True, 0),
        (3, True, 0),
    ]
    (event,) = created.event_batch.events
    assert (event.alert, event.notification.payload.visual_content.title) == (True, "Hello")
    for message, why in ((marked, pb.CHANGE_TYPE_STATE_CHANGED), (deleted, pb.CHANGE_TYPE_DELETED)):
        (event,) = message.event_batch.events
        assert (event.change_type, event.alert) == (why, False)
        assert not event.notification.HasField("payload")
        assert event.notification.read_state == notification_pb2.READ_STATE_READ


async def test_it_says_who_made_a_change(service: Service) -> None:
    async with stream(service) as opened:
        await opened.next("welcome")
        await opened.next("synced")
        request = draft("", title="From my phone", endpoint_id="phone")
        await service.transport.unary(SEND, request, token=service.user_token(), timeout=20)
        (event,) = (await opened.next("event_batch")).event_batch.events
    assert event.origin_endpoint_id == "phone"


async def test_after_a_token_comes_what_was_not_seen(service: Service, publisher: Publisher) -> None:
    sent = await publisher.send("ada", title="One")
    *_, synced = await caught_up(service)
    await publisher.mark("ada", sent, read_state=ReadState.READ)
    welcome, batch, again = await caught_up(service, resume_token=synced.resume_token)
    assert (welcome.welcome.resumed, welcome.revision) == (True, 1)
    (event,) = batch.event_batch.events
    assert (event.revision, event.change_type) == (2, pb.CHANGE_TYPE_STATE_CHANGED)
    assert not event.notification.HasField("payload")
    welcome, end = await caught_up(service, resume_token=again.resume_token)
    assert (welcome.welcome.resumed, end.revision) == (True, 2)


async def test_what_came_and_went_is_a_removal(service: Service, publisher: Publisher) -> None:
    *_, synced = await caught_up(service)
    sent = await publisher.send("ada", title="One")
    await publisher.delete("ada", sent)
    _, batch, _ = await caught_up(service, resume_token=synced.resume_token)
    (event,) = batch.event_batch.events
    assert (event.removed, event.change_type) == (True, pb.CHANGE_TYPE_DELETED)
    welcome, end = await caught_up(service)
    assert (welcome.welcome.resumed, end.WhichOneof("message")) == (False, "synced")


async def test_a_long_catch_up_comes_in_batches_and_resumes_from_any(
    service: Service, publisher: Publisher
) -> None:
    body = "x" * 8000
    await publisher.batch([draft("ada", title=str(number), body=body) for number in range(50)])
    _, *batches, synced = await caught_up(service)
    assert len(batches) >= 2
    assert max(batch.ByteSize() for batch in batches) < 270_000
    assert [batch.unread_count for batch in (*batches, synced)] == [50] * (len(batches) + 1)
    assert len(events_of(*batches)) == 50

    welcome, *rest, _ = await caught_up(service, resume_token=batches[0].resume_token)
    assert welcome.welcome.resumed
    assert ids_of(*rest) == ids_of(*batches[1:])
    assert not any(event.alert for event in events_of(*rest))


async def test_the_position_of_a_list_goes_on_from_there(service: Service, publisher: Publisher) -> None:
    await caught_up(service)
    await publisher.send("ada", title="Listed")
    request = ListNotificationsRequest(endpoint_id="laptop")
    page = await service.transport.unary(LIST, request, token=service.user_token(), timeout=20)
    await publisher.send("ada", title="After")
    welcome, batch, _ = await caught_up(service, resume_token=page.resume_token)
    assert welcome.welcome.resumed
    (event,) = batch.event_batch.events
    assert (event.notification.payload.visual_content.title, event.alert) == ("After", True)


async def test_the_token_of_another_endpoint_starts_anew(service: Service) -> None:
    *_, synced = await caught_up(service, endpoint_id="phone")
    welcome, _ = await caught_up(service, resume_token=synced.resume_token)
    assert not welcome.welcome.resumed


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (timedelta(seconds=1), timedelta(seconds=5)),
        (timedelta(seconds=42), timedelta(seconds=42)),
        (timedelta(hours=1), timedelta(minutes=5)),
    ],
    ids=str,
)
async def test_the_heartbeat_is_as_asked_within_bounds(
    service: Service, asked: timedelta, kept: timedelta
) -> None:
    interval = Duration()
    interval.FromTimedelta(asked)
    welcome, _ = await caught_up(service, heartbeat_interval=interval)
    assert welcome.welcome.heartbeat_interval.ToTimedelta() == kept


async def test_the_server_says_what_time_it_is(service: Service) -> None:
    async with stream(service) as opened:
        welcome = await opened.next("welcome")
        assert welcome.welcome.server_time.ToDatetime(UTC) == service.now
    await service.advance(timedelta(hours=1))
    async with stream(service) as opened:
        welcome = await opened.next("welcome")
        assert welcome.welcome.server_time.ToDatetime(UTC) == service.now


async def test_it_is_acknowledged_up_to_a_token_and_never_back(
    service: Service, publisher: Publisher
) -> None:
    *_, older = await caught_up(service)
    await publisher.send("ada", title="Hello")
    *_, newer = await caught_up(service)
    *_, theirs = await caught_up(service, endpoint_id="phone")
    token = service.user_token()
    for position, acknowledged in ((older, 0), (newer, 1), (older, 1), (theirs, 1)):
        request = pb.AcknowledgeRequest(endpoint_id="laptop", resume_token=position.resume_token)
        answer = await service.transport.unary(ACKNOWLEDGE, request, token=token, timeout=20)
        assert answer.acknowledged_revision == acknowledged
    await service.advance(timedelta(seconds=1))
    laptop, phone = await publisher.list_endpoints("ada")
    assert (laptop.acknowledged_revision, phone.acknowledged_revision) == (1, 0)


async def test_a_stream_that_is_renamed_goes_on(service: Service, publisher: Publisher) -> None:
    async with stream(service) as opened:
        await opened.next("welcome")
        await opened.next("synced")
        request = UpdateEndpointRequest(endpoint_id="laptop", display_name="New")
        request.update_mask.paths.append("display_name")
        await service.transport.unary(UPDATE_ENDPOINT, request, token=service.user_token(), timeout=20)
        (endpoint,) = await publisher.list_endpoints("ada")
        assert (endpoint.display_name, endpoint.platform) == ("New", Platform.LINUX)
        assert endpoint.connected
        await publisher.send("ada", title="Hello")
        await opened.next("event_batch")


async def test_a_position_in_a_feed_that_was_forgotten_means_a_new_start(
    service: Service, publisher: Publisher
) -> None:
    """Everything that was in it is long gone, its devices too."""
    await publisher.send("ada", title="Hello")
    token = (await caught_up(service))[-1].resume_token
    # Its stream has ended for the server somewhat later; until then it is not unseen.
    while (await publisher.list_endpoints("ada"))[0].connected:
        await service.advance(timedelta(seconds=1))
    for days in (8, 31, 31):
        await service.advance(timedelta(days=days))
    assert (await publisher.get_feed("ada")).last_revision == 0
    for title in ("One", "Two", "Three"):
        await publisher.send("ada", title=title)

    welcome, events, _ = await caught_up(service, resume_token=token)

    assert not welcome.welcome.resumed
    assert [event.revision for event in events.event_batch.events] == [1, 2, 3]
