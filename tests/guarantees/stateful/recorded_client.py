"""A caller of the service, a backend or a device, whose calls and streams are recorded."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from google.protobuf.message import Message

from tests.support.processes import TIMEOUT
from unisono.client import Method, Transport
from unisono.client._wire.methods import SUBSCRIBE
from unisono.v1 import feed_service_pb2 as pb
from unisono.verify.history import Principal
from unisono.verify.recording import Recorder

Q = TypeVar("Q", bound=Message)
A = TypeVar("A", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedClient:
    """A caller. `user_id` goes into its requests; `endpoint_id`, too, and is empty for a backend.

    `transport` returns the present transport to the server.
    """

    recorder: Recorder
    transport: Callable[[], Transport]
    principal: Principal
    token: str
    user_id: str
    endpoint_id: str = ""

    async def call(self, method: Method[Q, A], **fields: Any) -> A:
        """Make a call with these fields, and the user and endpoint. Raises a `UnisonoError`."""
        own = {"user_id": self.user_id, "endpoint_id": self.endpoint_id}
        named = {
            name: value for name, value in own.items() if name in method.request.DESCRIPTOR.fields_by_name
        }
        request = method.request(**{**named, **fields})
        transport = self.recorder.client(self.transport(), self.principal)
        return await transport.unary(method, request, token=self.token, timeout=TIMEOUT)

    def subscribe(self, **fields: Any) -> AsyncGenerator[pb.SubscribeResponse, None]:
        """Open a stream."""
        request = pb.SubscribeRequest(endpoint_id=self.endpoint_id, **fields)
        transport = self.recorder.client(self.transport(), self.principal)
        return transport.stream(SUBSCRIBE, request, token=self.token)
