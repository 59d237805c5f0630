"""Which streams do not open, and how an open one ends: a Goodbye, and an error that says the same."""

from datetime import timedelta

from tests.client.conftest import Serve
from tests.client.streams import caught_up, raised, stream
from tests.support.services import OTHER_APP, Service
from unisono.client import (
    EndpointDeleted,
    InvalidRequest,
    Publisher,
    QuotaExceeded,
    ResumeTokenInvalid,
    Superseded,
    Unauthenticated,
)
from unisono.client._wire.methods import (
    DELETE_ENDPOINT,
    LIST_ENDPOINTS,
)
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1.endpoint_service_pb2 import (
    DeleteEndpointRequest,
    ListEndpointsRequest,
)


async def test_a_token_of_another_feed_is_refused(service: Service) -> None:
    async with stream(service, service.user_token("bob")) as other:
        theirs = (await other.next("welcome")).resume_token
    for token in (theirs, b"garbage", b"\xff\xfe"):
        error = await raised(service, resume_token=token)
        assert isinstance(error, ResumeTokenInvalid)
        assert (error.code.name, error.reason) == ("INVALID_ARGUMENT", "RESUME_TOKEN_INVALID")
        assert list(error.violations) == ["resume_token"]
    error = await raised(service, resume_token=theirs)
    assert error.violations == {"resume_token": "was not given out for this feed"}
    listed = await service.transport.unary(
        LIST_ENDPOINTS, ListEndpointsRequest(), token=service.user_token(), timeout=20
    )
    assert not listed.endpoints


async def test_a_newer_stream_supersedes_it(service: Service) -> None:
    async with stream(service) as older:
        await older.next("welcome")
        await older.next("synced")
        async with stream(service) as newer:
            await newer.next("welcome")
            goodbye = (await older.next("goodbye")).goodbye
            error = await older.ended()
    assert goodbye.reason == pb.GOODBYE_REASON_SUPERSEDED
    assert not goodbye.HasField("retry_delay")
    assert isinstance(error, Superseded)
    assert (error.code.name, error.reason) == ("ABORTED", "SUPERSEDED")


async def test_it_ends_with_its_endpoint(service: Service) -> None:
    async with stream(service) as opened:
        await opened.next("welcome")
        await opened.next("synced")
        request = DeleteEndpointRequest(endpoint_id="laptop")
        await service.transport.unary(DELETE_ENDPOINT, request, token=service.user_token(), timeout=20)
        goodbye = (await opened.next("goodbye")).goodbye
        error = await opened.ended()
    assert goodbye.reason == pb.GOODBYE_REASON_ENDPOINT_DELETED
    assert isinstance(error, EndpointDeleted)
    assert (error.code.name, error.reason) == ("NOT_FOUND", "ENDPOINT_DELETED")


async def test_it_ends_with_its_token(service: Service, publisher: Publisher) -> None:
    token = service.user_token(lifetime=timedelta(minutes=1))
    async with stream(service, token) as opened:
        await opened.next("welcome")
        await opened.next("synced")
        await service.advance(timedelta(minutes=1))
        await publisher.send("ada", title="Too late")
        goodbye = (await opened.next("goodbye")).goodbye
        error = await opened.ended()
    assert goodbye.reason == pb.GOODBYE_REASON_TOKEN_EXPIRED
    assert isinstance(error, Unauthenticated)
    assert (error.code.name, error.reason) == ("UNAUTHENTICATED", "TOKEN_EXPIRED")
    assert (await raised(service, token)).reason == "TOKEN_EXPIRED"


async def test_a_user_has_so_many_streams_and_no_more(serve: Serve) -> None:
    service = await serve(streams_per_user=1)
    async with stream(service) as opened:
        await opened.next("welcome")
        error = await raised(service, endpoint_id="phone")
        assert isinstance(error, QuotaExceeded)
        assert (error.reason, error.metadata) == ("OPEN_STREAMS_EXCEEDED", {"limit": "1"})
        async with stream(service) as again:
            await again.next("welcome")


async def test_when_all_endpoints_have_streams_there_is_no_room(serve: Serve) -> None:
    service = await serve(endpoints_per_user=1)
    async with stream(service) as opened:
        await opened.next("welcome")
        error = await raised(service, endpoint_id="phone")
    assert isinstance(error, QuotaExceeded)
    assert (error.reason, error.metadata) == ("ENDPOINTS_EXCEEDED", {"limit": "1"})


async def test_a_new_endpoint_needs_a_platform_and_a_known_one_does_not(service: Service) -> None:
    error = await raised(service, platform=0)
    assert isinstance(error, InvalidRequest)
    assert error.violations == {"platform": "is required for an endpoint that is not registered yet"}
    await caught_up(service, display_name="Ada's laptop")
    welcome, _ = await caught_up(service, platform=0)
    assert not welcome.welcome.resumed


async def test_a_publisher_cannot_subscribe(service: Service) -> None:
    error = await raised(service, service.app_token(OTHER_APP))
    assert (error.code.name, error.reason) == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")
    assert error.metadata == {"allowed": "device"}
