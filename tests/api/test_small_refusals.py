"""A refusal is small, whatever it refuses: clients with default settings get all of it."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import quote

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from hypothesis import given
from hypothesis import strategies as st

from tests.support import tokens
from tests.support.api_client import READ, ApiClient, by_id, by_key
from tests.support.channels import plain_channel
from tests.support.http2.call import Call, Status
from tests.support.http2.connection import Connection
from tests.support.methods import methods
from tests.support.nodes import Client, Running
from tests.support.rpc_errors import details, raises_status
from unisono.server import errors
from unisono.server.api.convert.violations import Violations
from unisono.server.api.status import item_error, status_of, trailers
from unisono.server.api.text import cut, cut_encoded, encoded_size
from unisono.server.errors import Reason
from unisono.v1 import notification_service_pb2 as pb
from unisono.v1.notification_pb2 import DevicePlatform, TargetPolicy

KIB = 1024
BELL = "\U0001f514"
UNKNOWN = cast("DevicePlatform.ValueType", -(2**31))
#: What gRPC leaves as it is in a message (gRPC over HTTP/2, "Responses"): printable ASCII but for "%".
UNTOUCHED = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")


async def test_a_client_with_default_settings_is_told_which_references_are_bad(serving: Running) -> None:
    async with plain_channel(serving.target) as channel:
        caller = ApiClient(Client(channel, tokens.publisher()), user_id="ada")
        first = [f"references.refs[{number}].id" for number in range(20)]

        with raises_status("INVALID_ARGUMENT", "INVALID_REQUEST", *first) as failure:
            await caller.mark(*["\0"] * 500, read_state=READ)

    assert str(failure.error.details()).endswith(" more")
    assert set(failure.violations.values()) == {"must not contain control characters"}


@pytest.mark.parametrize(("bad", "named"), [(1, 1), (20, 20), (21, 20), (500, 20)])
async def test_the_first_twenty_are_named_and_the_others_counted(
    publisher: ApiClient, bad: int, named: int
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await publisher.mark(references=by_id(*[""] * bad), read_state=READ)
    found = bad_request(status_pb2.Status.FromString(details(raised.value)))
    assert [violation.field for violation in found] == [f"references.refs[{n}].id" for n in range(named)]
    assert str(raised.value.details()).count("is required") + counted(raised.value) == bad


def counted(error: grpc.aio.AioRpcError) -> int:
    """How many more a message says there are."""
    words = str(error.details()).split("; ")[-1].split()
    return int(words[1]) if words[0] == "and" else 0


def bad_request(status: status_pb2.Status | pb.BatchItemError) -> list[Any]:
    found = error_details_pb2.BadRequest()
    assert any(detail.Unpack(found) for detail in status.details)
    return list(found.field_violations)


#: What is refused with as many and as long words as can be.
WORST: dict[str, tuple[str, Callable[[], Message]]] = {
    "references": (
        "MarkNotifications",
        lambda: pb.MarkNotificationsRequest(references=by_key(*[BELL * 65 + "\0"] * 200)),
    ),
    "references to delete": (
        "DeleteNotifications",
        lambda: pb.DeleteNotificationsRequest(references=by_key(*[BELL * 65 + "\0"] * 200)),
    ),
    "a mask": (
        "UpdateNotification",
        lambda: pb.UpdateNotificationRequest(update_mask=FieldMask(paths=[BELL * 300] * 32)),
    ),
    "a mask of what is escaped": (
        "UpdateNotification",
        lambda: pb.UpdateNotificationRequest(update_mask=FieldMask(paths=["\x01" * 300] * 32)),
    ),
    "targets": (
        "SendNotification",
        lambda: pb.SendNotificationRequest(target_policy=TargetPolicy(endpoint_ids=["\0" * 257] * 100)),
    ),
    "platforms": (
        "SendNotification",
        lambda: pb.SendNotificationRequest(target_policy=TargetPolicy(platforms=[UNKNOWN] * 32)),
    ),
}


class Sized(Call):
    """Knows how large the trailers of a call are: names, values, and 32 bytes each (RFC 9113, 6.5.2)."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[Status] = asyncio.get_running_loop().create_future()
        self.size = 0
        super().__init__(lambda message: None, self.ended.set_result)

    def close(self, trailers: Mapping[str, str]) -> None:
        self.size = sum(len(name.encode()) + len(value.encode()) + 32 for name, value in trailers.items())
        super().close(trailers)


@pytest.mark.parametrize("worst", WORST)
async def test_trailers_stay_below_6_kib(serving: Running, worst: str) -> None:
    name, request = WORST[worst]
    path = next(method.path for method in methods() if method.name == name)
    connection = await Connection.open(serving.target)
    call = Sized()

    connection.ask(path, tokens.publisher(), request().SerializeToString(), call)

    assert await call.ended == Status("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert 1 * KIB < call.size < 6 * KIB
    connection.close()


async def test_what_is_wrong_with_an_item_of_a_batch_takes_at_most_2_kib(publisher: ApiClient) -> None:
    ids = [f"{BELL * 65}\0{number}" for number in range(100)]
    results = await publisher.send_all(*[publisher.new(target_policy={"endpoint_ids": ids})] * 100)
    for result in results:
        assert 0 < len(bad_request(result.error)) <= 5
        assert result.error.message.endswith(" more")
        assert result.ByteSize() <= 2 * KIB + 16


texts = st.text(max_size=3000)
reasons = st.sampled_from(Reason)


@st.composite
def any_error(draw: st.DrawFn) -> errors.UnisonoError:
    """Each kind that has details, with words of any length."""
    reason, message, subject = draw(reasons), draw(texts), draw(texts)
    bad = Violations()
    for field, description in draw(st.lists(st.tuples(texts, texts), min_size=1, max_size=30)):
        bad.add(field, description)
    with pytest.raises(errors.InvalidRequest) as invalid:
        bad.check()
    return draw(
        st.sampled_from(
            (
                errors.NotFound(reason, message, {"one": subject, "two": message}),
                errors.QuotaExceeded(reason, message, subject=subject, limit=1),
                errors.RateLimited(message, subject=subject, limit=1, retry_delay=1),
                errors.Unavailable(reason, message),
                invalid.value,
            )
        )
    )


@given(any_error())
def test_every_error_fits(error: errors.UnisonoError) -> None:
    status = status_of(error)
    ((_, encoded),) = trailers(status)
    in_base64 = (len(encoded) * 4 + 2) // 3
    assert len(quote(status.message, safe=UNTOUCHED)) + in_base64 <= 6 * KIB - 512
    assert item_error(error).ByteSize() <= 2 * KIB
    if status.message:
        assert_kinds(status)


def assert_kinds(status: status_pb2.Status) -> None:
    kinds = [detail.TypeName() for detail in status.details]
    assert kinds[0] == "google.rpc.ErrorInfo"
    assert len(kinds) == len(set(kinds))


@given(st.text(max_size=300), st.integers(1, 400))
def test_a_text_is_cut_at_a_character(text: str, most: int) -> None:
    short = cut(text, most)
    assert len(short) <= most
    assert short == text if len(text) <= most else short == text[: most - 1] + "…"


@given(st.text(max_size=300), st.integers(9, 400))
def test_a_message_is_cut_as_grpc_will_encode_it(text: str, most: int) -> None:
    short = cut_encoded(text, most)
    assert encoded_size(short) == len(quote(short, safe=UNTOUCHED)) <= most
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))
    assert short == text or encoded_size(text) > most
