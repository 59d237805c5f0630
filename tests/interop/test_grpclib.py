"""grpclib, a client in Python with an HTTP/2 of its own, and nothing of gRPC's core."""

from collections.abc import AsyncIterator

import pytest
from google.rpc import error_details_pb2
from grpclib.client import Channel, UnaryStreamMethod, UnaryUnaryMethod
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from tests.support import tokens
from tests.support.api_client import READ, titled
from tests.support.processes import ServerProcess
from unisono.client import bearer
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb


class Methods:
    """The methods under test, as a program that uses grpclib declares them."""

    def __init__(self, channel: Channel) -> None:
        self.send = UnaryUnaryMethod(
            channel,
            "/unisono.v1.NotificationService/SendNotification",
            service_pb.SendNotificationRequest,
            service_pb.SendNotificationResponse,
        )
        self.history = UnaryUnaryMethod(
            channel,
            "/unisono.v1.NotificationService/ListNotifications",
            service_pb.ListNotificationsRequest,
            service_pb.ListNotificationsResponse,
        )
        self.mark = UnaryUnaryMethod(
            channel,
            "/unisono.v1.NotificationService/MarkNotifications",
            service_pb.MarkNotificationsRequest,
            service_pb.MarkNotificationsResponse,
        )
        self.subscribe = UnaryStreamMethod(
            channel,
            "/unisono.v1.FeedService/Subscribe",
            feed_pb.SubscribeRequest,
            feed_pb.SubscribeResponse,
        )


@pytest.fixture
async def methods(server: ServerProcess) -> AsyncIterator[Methods]:
    host, port = server.address.split(":")
    async with Channel(host, int(port)) as channel:
        yield Methods(channel)


async def test_send_list_mark_and_subscribe(methods: Methods, user_id: str) -> None:
    backend, phone = bearer(tokens.publisher()), bearer(tokens.device(user_id))
    # Given a device with a stream that missed nothing
    async with methods.subscribe.open(metadata=phone) as stream:
        opening = feed_pb.SubscribeRequest(endpoint_id="phone", platform=pb.DEVICE_PLATFORM_WEB)
        await stream.send_message(opening, end=True)
        messages = aiter(stream)
        assert (await anext(messages)).HasField("welcome")
        assert (await anext(messages)).HasField("synced")
        # When something is sent, and read on the device itself
        request = service_pb.SendNotificationRequest(user_id=user_id, payload=titled("Hello"))
        sent = (await methods.send(request, metadata=backend)).result
        created = await anext(messages)
        marking = service_pb.MarkNotificationsRequest(
            endpoint_id="phone", all=service_pb.AllNotifications(), read_state=READ
        )
        marked = await methods.mark(marking, metadata=phone)
        read = await anext(messages)
        await stream.cancel()
    # Then the stream told of both, and the history has them
    assert marked.changed == 1
    assert [event.notification_id for event in created.event_batch.events] == [sent.id]
    assert [event.notification.read_state for event in read.event_batch.events] == [READ]
    assert (created.unread_count, read.unread_count) == (1, 0)
    page = await methods.history(service_pb.ListNotificationsRequest(), metadata=phone)
    assert [(row.id, row.read_state, row.payload) for row in page.notifications] == [
        (sent.id, READ, titled("Hello"))
    ]


async def test_an_error_says_what_is_wrong_with_which_field(methods: Methods, user_id: str) -> None:
    request = service_pb.SendNotificationRequest(user_id=user_id, group_name="\u0007")
    with pytest.raises(GRPCError) as raised:
        await methods.send(request, metadata=bearer(tokens.publisher()))
    assert raised.value.status is Status.INVALID_ARGUMENT
    info, bad_request = raised.value.details
    assert isinstance(info, error_details_pb2.ErrorInfo)
    assert (info.domain, info.reason) == ("unisono", "INVALID_REQUEST")
    assert isinstance(bad_request, error_details_pb2.BadRequest)
    assert {violation.field for violation in bad_request.field_violations} == {"payload", "group_name"}


async def test_a_stream_without_a_token_is_refused(methods: Methods) -> None:
    with pytest.raises(GRPCError) as raised:
        await methods.subscribe(feed_pb.SubscribeRequest(endpoint_id="phone"))
    assert raised.value.status is Status.UNAUTHENTICATED
    (info,) = raised.value.details
    assert info.reason == "TOKEN_MISSING"
