"""buf curl, a client in Go that nobody here wrote, with reflection and with the proto files."""

import base64

import pytest
from google.rpc import error_details_pb2

from tests.interop.buf_curl import PROTO_FILES, REFLECTION, BufCurl, run
from tests.support import tokens
from tests.support.methods import methods
from tests.support.processes import ServerProcess

SEND = "NotificationService/SendNotification"
LIST = "NotificationService/ListNotifications"
MARK = "NotificationService/MarkNotifications"
SUBSCRIBE = "FeedService/Subscribe"


@pytest.fixture(params=[REFLECTION, PROTO_FILES], ids=["reflection", "proto files"])
def schema(request: pytest.FixtureRequest) -> tuple[str, ...]:
    flags: tuple[str, ...] = request.param
    return flags


@pytest.fixture
def backend(server: ServerProcess, schema: tuple[str, ...]) -> BufCurl:
    return BufCurl(server=server, schema=schema, token=tokens.publisher())


@pytest.fixture
def phone(server: ServerProcess, schema: tuple[str, ...], user_id: str) -> BufCurl:
    return BufCurl(server=server, schema=schema, token=tokens.device(user_id))


@pytest.mark.parametrize("protocol", ["grpc-v1", "grpc-v1alpha"])
def test_reflection_lists_every_method(server: ServerProcess, protocol: str) -> None:
    header = ("--reflect-header", f"authorization: Bearer {tokens.publisher()}")
    url = f"http://{server.address}"
    done = run(*header, "--reflect-protocol", protocol, "--list-methods", url)
    assert done.returncode == 0, done.stderr
    listed = {method for method in done.stdout.split() if method.startswith("unisono.")}
    assert listed == {method.path.lstrip("/") for method in methods() if method.descriptor}


def test_send_list_mark(backend: BufCurl, phone: BufCurl, user_id: str) -> None:
    # Given a notification
    payload = {"visual_content": {"title": "Grüße"}, "raw_content": "AAE="}
    sent = backend.call(SEND, user_id=user_id, payload=payload, display_time_to_live="90s")["result"]
    (row,) = phone.call(LIST)["notifications"]
    assert (row["id"], row["revision"], row["displayTimeToLive"]) == (sent["id"], "1", "90s")
    assert row["payload"] == {"visualContent": {"title": "Grüße"}, "rawContent": "AAE="}
    # When it is read on a device
    phone.call("EndpointService/RegisterEndpoint", endpoint_id="phone", platform="DEVICE_PLATFORM_IOS")
    references = {"refs": [{"id": sent["id"]}]}
    marked = phone.call(MARK, endpoint_id="phone", references=references, read_state="READ_STATE_READ")
    assert (marked["changed"], marked["lastRevision"]) == ("1", "2")
    # Then it is so for the backend too
    (row,) = backend.call(LIST, user_id=user_id)["notifications"]
    assert row["readState"] == "READ_STATE_READ"


def test_subscribe(backend: BufCurl, phone: BufCurl, user_id: str) -> None:
    # Given a stream that missed nothing
    opening = {"endpoint_id": "phone", "platform": "DEVICE_PLATFORM_ANDROID", "heartbeat_interval": "60s"}
    with phone.stream(SUBSCRIBE, **opening) as messages:
        welcome, synced = next(messages), next(messages)
        assert welcome["welcome"]["heartbeatInterval"] == "60s"
        assert (synced["synced"], synced["complete"]) == ({}, True)
        # When something is sent, and read on the device itself
        payload = {"visual_content": {"title": "Hello"}}
        sent = backend.call(SEND, user_id=user_id, payload=payload)["result"]
        created = next(messages)
        phone.call(MARK, endpoint_id="phone", all={}, read_state="READ_STATE_READ")
        read = next(messages)
    # Then the stream tells of both
    (event,) = created["eventBatch"]["events"]
    assert (event["notificationId"], event["changeType"]) == (sent["id"], "CHANGE_TYPE_CREATED")
    assert (event["alert"], created["unreadCount"]) == (True, "1")
    (event,) = read["eventBatch"]["events"]
    assert (event["changeType"], event["originEndpointId"]) == ("CHANGE_TYPE_STATE_CHANGED", "phone")
    assert (read["revision"], "unreadCount" in read) == ("2", False)


def test_an_error_says_what_is_wrong_with_which_field(backend: BufCurl, user_id: str) -> None:
    error = backend.failure(SEND, user_id=user_id, payload={}, group_name="\u0007")
    assert error["code"] == "invalid_argument"
    info, request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail, value in zip((info, request), error["details"], strict=True):
        assert value["type"] == detail.DESCRIPTOR.full_name
        detail.ParseFromString(base64.b64decode(value["value"] + "=="))
    assert (info.domain, info.reason) == ("unisono", "INVALID_REQUEST")
    assert {violation.field for violation in request.field_violations} == {"payload", "group_name"}
