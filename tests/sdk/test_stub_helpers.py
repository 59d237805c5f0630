"""What serves those who call the stubs themselves: channels for long streams, metadata, errors in words."""

from pathlib import Path

import grpc
import pytest
from google.rpc import status_pb2

from tests.support.nodes import Setup, running
from tests.support.rpc_errors import DETAILS_KEY
from unisono.client import InvalidRequest, Unavailable, UnisonoError, bearer, create_channel, from_rpc_error
from unisono.v1.notification_service_pb2 import SendNotificationRequest
from unisono.v1.notification_service_pb2_grpc import NotificationServiceStub


async def test_an_error_of_the_service_is_explained(tmp_path: Path) -> None:
    # Given a backend whose request has two bad fields
    async with running(Setup(path=tmp_path / "s.db")) as node:
        backend = node.publisher
        request = SendNotificationRequest(user_id="a\x00da")

        # When it sends
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await backend.notifications.SendNotification(request, metadata=backend.metadata)

    # Then the explanation names the reason and each field
    explanation = from_rpc_error(raised.value)
    assert type(explanation) is InvalidRequest
    assert explanation.code is grpc.StatusCode.INVALID_ARGUMENT
    assert explanation.reason == "INVALID_REQUEST"
    assert explanation.violations == {
        "user_id": "must not contain control characters",
        "payload": "must have visual_content, raw_content or data",
    }
    assert explanation.retry_delay is None


async def test_metadata_and_retry_delay_are_read(tmp_path: Path) -> None:
    # Given a server whose queue takes nothing
    async with running(Setup(path=tmp_path / "s.db", commit_queue=0)) as node:
        backend = node.publisher
        request = SendNotificationRequest(user_id="ada")
        request.payload.raw_content = b"x"

        # When a backend sends
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await backend.notifications.SendNotification(request, metadata=backend.metadata)

    # Then it learns when to come back
    assert from_rpc_error(raised.value).reason == "OVERLOADED"
    assert from_rpc_error(raised.value).retry_delay == 1.0


async def test_an_error_of_the_transport_has_a_code_only() -> None:
    async with create_channel("127.0.0.1:1") as channel:
        stub = NotificationServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stub.SendNotification(SendNotificationRequest(), metadata=bearer("x"))
    explanation = from_rpc_error(raised.value)
    assert type(explanation) is Unavailable
    assert explanation.code is grpc.StatusCode.UNAVAILABLE
    assert "127.0.0.1:1" in explanation.message
    assert (explanation.reason, explanation.metadata, explanation.violations) == ("", {}, {})


def damaged() -> list[bytes]:
    """Details of which all, or one, cannot be read."""
    status = status_pb2.Status()
    status.details.add(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff")
    return [b"\xff\xff", status.SerializeToString()]


@pytest.mark.parametrize("details", damaged())
def test_damaged_details_count_as_none(details: bytes) -> None:
    trailers = grpc.aio.Metadata((DETAILS_KEY, details))
    error = grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), trailers, "gone")

    explanation = from_rpc_error(error)

    assert type(explanation) is Unavailable
    assert (explanation.message, explanation.reason) == ("gone", "")


def test_an_error_that_is_no_call_is_explained_too() -> None:
    explanation = from_rpc_error(grpc.RpcError("nothing is known of it"))

    assert type(explanation) is UnisonoError
    assert explanation.code is grpc.StatusCode.UNKNOWN


def test_a_token_travels_as_bearer() -> None:
    assert bearer("abc") == (("authorization", "Bearer abc"),)
