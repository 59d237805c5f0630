"""A gRPC server on a real socket, whose methods a test scripts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

from tests.support.methods import methods
from tests.support.rpc_errors import DETAILS_KEY
from unisono.client._wire.contract_levels import NEWEST
from unisono.v1.server_service_pb2 import GetServerInfoRequest, GetServerInfoResponse

Answer = Callable[[Any], Awaitable[Message]]
"""Returns the answer to a request; may raise a `Fault`."""

StreamBehavior = Callable[[Any], AsyncIterator[Message]]
"""Yields the messages of a stream for its request; may raise a `Fault`."""

_METHODS = {method.path: method for method in methods() if method.descriptor is not None}


class Fault(Exception):
    """Ends a call with this status; with `reason` or `retry_delay` (seconds), also with details."""

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str = "",
        *,
        message: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_delay: float | None = None,
    ) -> None:
        super().__init__(message or f"scripted {reason or code.name}")
        self.code = code
        self.details: list[AnyMessage] = []
        if reason:
            self._add(error_details_pb2.ErrorInfo(reason=reason, domain="unisono", metadata=metadata))
        if retry_delay is not None:
            retry = error_details_pb2.RetryInfo()
            retry.retry_delay.FromNanoseconds(round(retry_delay * 1e9))
            self._add(retry)

    @property
    def number(self) -> int:
        """Return the number of the code, as messages have it."""
        number: int = self.code.value[0]
        return number

    async def end(self, context: grpc.aio.ServicerContext[bytes, bytes]) -> NoReturn:
        status = status_pb2.Status(code=self.number, message=str(self), details=self.details)
        trailers = ((DETAILS_KEY, status.SerializeToString()),) if self.details else ()
        await context.abort(self.code, str(self), trailers)

    def _add(self, detail: Message) -> None:
        packed = AnyMessage()
        packed.Pack(detail)
        self.details.append(packed)


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """One call that the server received; `peer` is the address of the client's connection."""

    method: str
    request: Any
    token: str
    peer: str


class StubServer(grpc.GenericRpcHandler):
    """A server whose behavior a test sets by method name; other methods are UNIMPLEMENTED.

    It says that it knows the whole contract, unless a test lets it know less, and takes acknowledgements
    without keeping them in `calls`, unless a test sets what it does with them.
    `calls` are those received, in the order of their arrival.
    """

    def __init__(self) -> None:
        self.target = ""
        self.calls: list[ReceivedCall] = []
        self._behaviors: dict[str, Any] = {}
        self._changed = asyncio.Condition()
        self.knows(NEWEST)

    def knows(self, level: int | None) -> None:
        """Let it know the contract up to a level; None: it is older than GetServerInfo."""

        async def get_server_info(_: GetServerInfoRequest) -> GetServerInfoResponse:
            if level is None:
                raise Fault(grpc.StatusCode.UNIMPLEMENTED)
            return GetServerInfoResponse(contract_level=level)

        self.answer("GetServerInfo", get_server_info)

    def answer(self, method: str, behavior: Answer) -> None:
        self._behaviors[method] = behavior

    def stream(self, method: str, behavior: StreamBehavior) -> None:
        self._behaviors[method] = behavior

    def behavior(self, method: str) -> Any:
        """Return the present behavior of a method."""
        return self._behaviors[method]

    def requests(self, *names: str) -> list[Any]:
        """Return the requests of these methods, in the order of their arrival."""
        return [asked.request for asked in self.calls if asked.method in names]

    def tokens(self, method: str) -> list[str]:
        """Return the tokens of the calls of a method, in the order of their arrival."""
        return [asked.token for asked in self.calls if asked.method == method]

    async def until(self, *names: str, count: int = 1) -> None:
        """Wait until `count` calls of these methods have come in all."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.requests(*names)) >= count)

    def service(self, details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[bytes, bytes] | None":
        method = _METHODS.get(details.method)
        if method is not None and method.name == "Acknowledge" and method.name not in self._behaviors:
            return grpc.unary_unary_rpc_method_handler(_acknowledge)
        if method is None or method.name not in self._behaviors:
            return None
        if method.server_streaming:
            return grpc.unary_stream_rpc_method_handler(self._stream(details.method))
        return grpc.unary_unary_rpc_method_handler(self._unary(details.method))

    def _unary(self, path: str) -> Any:
        async def handle(body: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            request = await self._note(path, body, context)
            try:
                response: Message = await self._behaviors[_METHODS[path].name](request)
            except Fault as fault:
                await fault.end(context)
            return response.SerializeToString()

        return handle

    def _stream(self, path: str) -> Any:
        async def handle(body: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> None:
            request = await self._note(path, body, context)
            try:
                async for message in self._behaviors[_METHODS[path].name](request):
                    await context.write(message.SerializeToString())
            except Fault as fault:
                await fault.end(context)

        return handle

    async def _note(self, path: str, body: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> Message:
        descriptor = _METHODS[path].descriptor
        assert descriptor is not None
        request = GetMessageClass(descriptor.input_type).FromString(body)
        metadata: Sequence[tuple[str, Any]] = [
            (key, value) for key, value in context.invocation_metadata() or ()
        ]
        token = str(dict(metadata).get("authorization", "")).removeprefix("Bearer ")
        async with self._changed:
            self.calls.append(ReceivedCall(_METHODS[path].name, request, token, context.peer()))
            self._changed.notify_all()
        return request


async def _acknowledge(_: bytes, __: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
    return b""  # an AcknowledgeResponse


@asynccontextmanager
async def scripted(
    *, streams: int | None = None, credentials: grpc.ServerCredentials | None = None, port: int = 0
) -> AsyncIterator[StubServer]:
    """Run a server, with 0 on a port that the kernel chooses; `streams` limits calls on one connection."""
    script = StubServer()
    limits = [("grpc.max_concurrent_streams", streams)] if streams else []
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), *limits])
    server.add_generic_rpc_handlers((script,))
    script.target = f"127.0.0.1:{_port(server, credentials, port)}"
    await server.start()
    try:
        yield script
    finally:
        await server.stop(None)


def _port(server: grpc.aio.Server, credentials: grpc.ServerCredentials | None, port: int) -> int:
    if credentials is None:
        return server.add_insecure_port(f"127.0.0.1:{port}")
    return server.add_secure_port(f"127.0.0.1:{port}", credentials)
