"""What happens around every call: id, token, role, request, errors, log. Knows no single method.

Handlers get and give bytes to gRPC, so that a body that does not parse is the service's error, and an
event that was encoded once is not encoded again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import grpc
from google.protobuf.message import Message

from unisono.server import errors
from unisono.server.api import auth
from unisono.server.api.decoding import parsed
from unisono.server.api.error_boundary import CallEnded, Context, ErrorBoundary
from unisono.server.api.receiving import Receiver
from unisono.server.api.refusal_log import RefusalLog
from unisono.server.api.request_context import RequestContext
from unisono.server.api.sizes import request_size
from unisono.server.api.tarpit import Tarpit
from unisono.server.clock import Clock
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.core.admission import Admission, CallKind
from unisono.server.model import Limits

MessageT = TypeVar("MessageT", bound=Message)
ResponseT = TypeVar("ResponseT")

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Handlers = dict[str, Handler]
Write = Callable[[bytes], Awaitable[None]]
Behavior: TypeAlias = Callable[[object, Context], Awaitable[ResponseT | None]]

#: Who may call a method.
BOTH = frozenset(Role)
DEVICE = frozenset((Role.DEVICE,))
PUBLISHER = frozenset((Role.PUBLISHER,))


@dataclass(frozen=True, slots=True)
class Unary(Generic[MessageT]):
    """A method with one response, which may be encoded already."""

    request: type[MessageT]
    handle: Callable[[RequestContext, MessageT], Awaitable[Message | bytes]]
    allowed: frozenset[Role] = BOTH
    kind: CallKind = CallKind.CALL

    def answer(self, request_context: RequestContext, body: bytes) -> Awaitable[Message | bytes]:
        """Handle an encoded request. Raises RequestMalformed."""
        return self.handle(request_context, parsed(self.request, body))


@dataclass(frozen=True, slots=True)
class UnaryBytes:
    """The same, where the method decodes its request by itself: what is decoded at once takes its time."""

    request: type[Message]
    answer: Callable[[RequestContext, bytes], Awaitable[bytes]]
    allowed: frozenset[Role] = BOTH
    kind: CallKind = CallKind.CALL


@dataclass(frozen=True, slots=True)
class Streaming(Generic[MessageT]):
    """A method that writes many responses. It returns the error to end with."""

    request: type[MessageT]
    handle: Callable[[RequestContext, MessageT, Write], Awaitable[errors.UnisonoError]]
    allowed: frozenset[Role] = DEVICE


class Pipeline:
    """Makes gRPC handlers of methods.

    First comes the token, and all that a call can be refused for by its caller alone; only then is the
    request received, looked at by its size, and decoded.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        clock: Clock,
        limits: Limits,
        *,
        request_timeout: float,
        refusal_delay: float,
    ) -> None:
        self._verifier = verifier
        self._clock = clock
        self._limits = limits
        self._admission = Admission(clock, limits)
        self._receiver = Receiver(request_timeout)
        self._refusals = RefusalLog(clock)
        self._tarpit = Tarpit(refusal_delay)

    @property
    def clock(self) -> Clock:
        """The time of all calls."""
        return self._clock

    def close(self) -> None:
        """Hold no call back any more: the server stops."""
        self._tarpit.close()

    def unary(self, method: Unary[Any] | UnaryBytes) -> Handler:
        """The handler of a method with one response."""
        limit = request_size(method.request, self._limits)

        async def behavior(_: object, context: Context) -> bytes | None:
            metadata = auth.CallMetadata.of(context.invocation_metadata() or ())
            async with (boundary := self.error_boundary(context, metadata.request_id)):
                principal = self.admit(context, metadata, method.kind, method.allowed)
                with self._admission.count_in_flight(principal):
                    body = await self.receive(context, boundary, limit)
                    response = await method.answer(self._call(metadata, principal), body)
                    return response if isinstance(response, bytes) else response.SerializeToString()
            return None

        return grpc.stream_unary_rpc_method_handler(behavior)

    def streaming(self, method: Streaming[Any]) -> Handler:
        """The handler of a method that writes many responses."""
        limit = request_size(method.request, self._limits)

        async def behavior(_: object, context: Context) -> None:
            metadata = auth.CallMetadata.of(context.invocation_metadata() or ())
            async with (boundary := self.error_boundary(context, metadata.request_id)):
                principal = self.admit(context, metadata, CallKind.SUBSCRIBE, method.allowed)
                body = await self.receive(context, boundary, limit)
                request = parsed(method.request, body)
                stream = method.handle(self._call(metadata, principal), request, context.write)
                # What is a local here is kept for as long as the stream.
                del metadata, principal, body, request, boundary
                raise CallEnded(await stream)

        return grpc.stream_stream_rpc_method_handler(behavior)

    def anonymous(self, handle: Callable[[Context], Awaitable[ResponseT]]) -> Behavior[ResponseT]:
        """The behavior of a method that needs no token. Whoever calls it counts as a stranger."""

        async def behavior(_: object, context: Context) -> ResponseT | None:
            metadata = auth.CallMetadata.of(context.invocation_metadata() or ())
            async with self.error_boundary(context, metadata.request_id):
                self._admission.count_stranger(context.peer())
                return await handle(context)
            return None

        return behavior

    def error_boundary(self, context: Context, request_id: str) -> ErrorBoundary:
        """What is to be around a call."""
        return ErrorBoundary(context, request_id, self._refusals, self._tarpit)

    async def receive(self, context: Context, boundary: ErrorBoundary, limit: int) -> bytes:
        """The request of a call that `boundary` is around; see `Receiver.receive`."""
        return await self._receiver.receive(context, boundary, limit)

    def admit(
        self, context: Context, metadata: auth.CallMetadata, kind: CallKind, allowed: frozenset[Role] = BOTH
    ) -> Principal:
        """Who calls, and may.

        Raises Unauthenticated, PermissionDenied, and TooFrequent.
        """
        principal = self._authenticated(context, metadata)
        self._admission.begin(principal, kind)
        auth.authorize(principal, allowed)
        return principal

    def _authenticated(self, context: Context, metadata: auth.CallMetadata) -> Principal:
        """Who calls. Whose token was good once is no stranger: after a rotation of keys all are refused."""
        try:
            return auth.authenticate(self._verifier, metadata.authorization)
        except errors.Unauthenticated as error:
            if error.reason is errors.Reason.TOKEN_MISSING or isinstance(error, errors.TokenUndecodable):
                self._admission.count_stranger(context.peer())
            raise

    def _call(self, metadata: auth.CallMetadata, principal: Principal) -> RequestContext:
        return RequestContext(
            principal=principal,
            role=principal.role,
            request_id=metadata.request_id,
            now=self._clock.now(),
            limits=self._limits,
        )
