"""Reflection: for any good token, under both of its names, the whole contract."""

import gc
from collections.abc import Iterable
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2 as pb

from tests.support import tokens
from tests.support.channels import NO_PROXY
from tests.support.clocks import FakeClock
from tests.support.methods import REFLECTION, Method, methods
from tests.support.nodes import Running
from tests.support.processes import TIMEOUT
from tests.support.processes import serving as serving_alone
from tests.support.rpc_errors import raises_status
from unisono.client import bearer
from unisono.server.api.sizes import SMALL
from unisono.v1 import notification_service_pb2

both_names = pytest.mark.parametrize("method", REFLECTION, ids=lambda method: method.path.split(".")[2])
CONTRACT = Path(__file__).parents[2] / "proto" / "unisono" / "v1"
LIST = pb.ServerReflectionRequest(list_services="")
SERVICES = {m.path.split("/")[1] for m in methods() if m.path.startswith("/unisono.")}


async def answers(
    serving: Running, method: Method, *requests: pb.ServerReflectionRequest, token: str = ""
) -> list[pb.ServerReflectionResponse]:
    """The answers to requests on one stream."""
    call: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = serving.channel.stream_stream(method.path)
    bodies: Iterable[bytes] = [request.SerializeToString() for request in requests]
    stream = call(iter(bodies), metadata=bearer(token or tokens.device()))
    return [pb.ServerReflectionResponse.FromString(body) async for body in stream]


@pytest.mark.parametrize("token", [tokens.device(), tokens.publisher()], ids=["device", "publisher"])
@both_names
async def test_services_are_listed(serving: Running, method: Method, token: str) -> None:
    (answer,) = await answers(serving, method, pb.ServerReflectionRequest(list_services=""), token=token)
    listed = {service.name for service in answer.list_services_response.service}
    assert listed > SERVICES
    assert "grpc.reflection.v1.ServerReflection" not in listed


@pytest.mark.parametrize(
    "wanted",
    [*sorted(SERVICES), "unisono.v1.Notification", "unisono.v1.ErrorReason", "grpc.health.v1.Health"],
)
@both_names
async def test_what_is_listed_is_described(serving: Running, method: Method, wanted: str) -> None:
    request = pb.ServerReflectionRequest(file_containing_symbol=wanted)
    (answer,) = await answers(serving, method, request)
    files = [
        FileDescriptorProto.FromString(file) for file in answer.file_descriptor_response.file_descriptor_proto
    ]
    assert wanted.rsplit(".", 1)[1] in {name for file in files for name in names(file)}


SYMBOLS = {
    "unisono.v1.NotificationService.SendNotification": "notification_service",
    "unisono.v1.FeedService.Subscribe": "feed_service",
    "unisono.v1.EndpointService.RegisterEndpoint": "endpoint_service",
    "unisono.v1.ServerService.GetServerInfo": "server_service",
    "unisono.v1.AdminService.ExplainNotifications": "admin_service",
    "unisono.v1.Notification.read_state": "notification",
    "unisono.v1.NotificationRef.ref": "notification",
    "unisono.v1.READ_STATE_UNREAD": "notification",
    "unisono.v1.ErrorReason": "error_reason",
    "unisono.v1.ERROR_REASON_RESYNC": "error_reason",
}
UNKNOWN = (
    *("unisono.v1.NotificationService.Nothing", "unisono.v1.Nobody.SendNotification"),
    *("unisono.v1.Notification.nothing", "SendNotification", "unisono.v1", "", ".", "x" * 9000 + "." * 9000),
)


@both_names
async def test_every_name_that_a_file_declares_leads_to_it(serving: Running, method: Method) -> None:
    requests = [pb.ServerReflectionRequest(file_containing_symbol=symbol) for symbol in SYMBOLS]
    found = await answers(serving, method, *requests)
    assert [declared_in(answer) for answer in found] == [
        f"unisono/v1/{name}.proto" for name in SYMBOLS.values()
    ]
    assert [answer.original_request for answer in found] == requests


@both_names
async def test_other_names_lead_nowhere(serving: Running, method: Method) -> None:
    requests = [pb.ServerReflectionRequest(file_containing_symbol=symbol) for symbol in UNKNOWN]
    for answer in await answers(serving, method, *requests):
        assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@both_names
def test_a_server_of_its_own_describes_every_file_of_the_contract(method: Method, tmp_path: Path) -> None:
    """The process of a test has loaded more than a server does."""
    files = [f"unisono/v1/{path.name}" for path in sorted(CONTRACT.glob("*.proto"))]
    requests = [pb.ServerReflectionRequest(file_by_filename=name) for name in files]
    with (
        serving_alone(tmp_path / "unisono.db") as server,
        grpc.insecure_channel(server.address, options=[NO_PROXY]) as channel,
    ):
        ask: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(method.path)
        bodies = iter([request.SerializeToString() for request in requests])
        found = list(ask(bodies, metadata=bearer(tokens.device()), timeout=TIMEOUT))

    assert len(files) >= 5
    assert [declared_in(pb.ServerReflectionResponse.FromString(body)) for body in found] == files


def declared_in(answer: pb.ServerReflectionResponse) -> str:
    """The file that was asked for: those that it imports come after it."""
    first = answer.file_descriptor_response.file_descriptor_proto[0]
    return FileDescriptorProto.FromString(first).name


def names(file: FileDescriptorProto) -> list[str]:
    """What a file declares."""
    services = [service.name for service in file.service]
    return services + [one.name for one in file.message_type] + [one.name for one in file.enum_type]


@both_names
async def test_a_file_is_as_it_was_generated(serving: Running, method: Method) -> None:
    name = "unisono/v1/notification_service.proto"
    (answer,) = await answers(serving, method, pb.ServerReflectionRequest(file_by_filename=name))
    files = answer.file_descriptor_response.file_descriptor_proto
    assert notification_service_pb2.DESCRIPTOR.serialized_pb in list(files)


@both_names
async def test_many_questions_may_be_asked_on_one_stream(serving: Running, method: Method) -> None:
    found, missing, listed = await answers(
        serving,
        method,
        pb.ServerReflectionRequest(file_containing_symbol="unisono.v1.FeedService"),
        pb.ServerReflectionRequest(file_containing_symbol="unisono.v1.Nobody"),
        pb.ServerReflectionRequest(list_services=""),
    )
    assert found.file_descriptor_response.file_descriptor_proto
    assert missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert listed.list_services_response.service


class Asking:
    """One stream of reflection, on which one question is asked after the other."""

    def __init__(self, node: Running, method: Method, token: str) -> None:
        stream: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = node.channel.stream_stream(method.path)
        self._call = stream(metadata=bearer(token))

    async def ask(self, request: pb.ServerReflectionRequest = LIST) -> pb.ServerReflectionResponse:
        await self._call.write(request.SerializeToString())
        return await self.answer()

    async def answer(self) -> pb.ServerReflectionResponse:
        """Whatever comes next; raises the error that the stream ends with."""
        return pb.ServerReflectionResponse.FromString(await anext(aiter(self._call)))


@both_names
async def test_a_stream_ends_when_its_token_expires(
    held: Running, clock: FakeClock, method: Method, caplog: pytest.LogCaptureFixture
) -> None:
    # Given a stream that has been answered, and whose client waits
    asking = Asking(held, method, tokens.device(exp=clock.now() // 1000 + 60))
    assert (await asking.ask()).list_services_response.service
    clock.advance(59)
    assert (await asking.ask()).list_services_response.service
    # When its token expires
    clock.advance(1)
    # Then it ends, and leaves nothing behind
    with raises_status("UNAUTHENTICATED", "TOKEN_EXPIRED"):
        await asking.answer()
    (answer,) = await answers(held, method, LIST)
    assert answer.list_services_response.service
    gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio"] == []


@both_names
async def test_a_stream_ends_at_the_age_of_a_stream(held: Running, clock: FakeClock, method: Method) -> None:
    asking = Asking(held, method, tokens.device())
    await asking.ask()
    clock.advance(held.setup.transport.stream_age)
    with raises_status("UNAVAILABLE", "SESSION_AGE"):
        await asking.answer()


@both_names
async def test_a_question_is_bounded(serving: Running, method: Method) -> None:
    longest = pb.ServerReflectionRequest(host="x" * (SMALL - 6), list_services="")
    assert longest.ByteSize() == SMALL
    asking = Asking(serving, method, tokens.device())
    assert (await asking.ask(longest)).list_services_response.service
    longest.host += "x"
    with raises_status("RESOURCE_EXHAUSTED", "REQUEST_TOO_LARGE") as failure:
        await asking.ask(longest)
    assert failure.metadata == {"size": "65537", "limit": "65536"}
