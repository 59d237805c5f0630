"""Somebody who calls the service: a backend, or a device of a user. All that is said is recorded."""

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
    """`user_id` is whom it speaks of, `endpoint_id` is empty for a backend. `line` leads to the server."""

    recorder: Recorder
    transport: Callable[[], Transport]
    principal: Principal
    token: str
    user_id: str
    endpoint_id: str = ""

    async def call(self, method: Method[Q, A], **fields: Any) -> A:
        """Make a call; who calls, and of whom, is filled in."""
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
