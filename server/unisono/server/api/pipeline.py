"""What happens around every call: id, token, role, parsing, errors, log. Knows no single method.

Handlers get and give bytes to gRPC, so that a body that does not parse is the service's error, and an
event that was encoded once is not encoded again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, NoReturn, TypeAlias, TypeVar

import grpc
import structlog
from google.protobuf.message import DecodeError, Message

from unisono.server import errors
from unisono.server.api import gate, status
from unisono.server.api.call import Call
from unisono.server.clock import Clock
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.model import Limits

log = structlog.get_logger(__name__)

RequestT = TypeVar("RequestT", bound=Message)

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Handlers = dict[str, Handler]
Context = grpc.aio.ServicerContext[bytes, bytes]
Write = Callable[[bytes], Awaitable[None]]
Trailers = tuple[tuple[str, str | bytes], ...]
#: Who may call a method.
BOTH = frozenset(Role)
DEVICE = frozenset((Role.DEVICE,))
PUBLISHER = frozenset((Role.PUBLISHER,))


@dataclass(frozen=True, slots=True)
class Unary(Generic[RequestT]):
    """A method with one response, which may be encoded already."""

    request: type[RequestT]
    handle: Callable[[Call, RequestT], Awaitable[Message | bytes]]
    allowed: frozenset[Role] = BOTH


@dataclass(frozen=True, slots=True)
class Streaming(Generic[RequestT]):
    """A method that writes many responses. It returns the error to end with."""

    request: type[RequestT]
    handle: Callable[[Call, RequestT, Write], Awaitable[errors.UnisonoError]]
    allowed: frozenset[Role] = DEVICE


class _StreamEnded(Exception):
    """A stream said goodbye: its status is an error, and nothing was refused."""

    def __init__(self, error: errors.UnisonoError) -> None:
        super().__init__(error.reason)
        self.error = error


class Guard:
    """Around a call: whatever is raised in it ends the call with a typed status.

    Not a coroutine around another, which every open stream would keep a frame of.
    """

    __slots__ = ("_context", "_request_id")

    def __init__(self, context: Context, request_id: str) -> None:
        self._context = context
        self._request_id = request_id

    async def __aenter__(self) -> None:
        structlog.contextvars.bind_contextvars(request_id=self._request_id)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        match error:
            case None:
                self._context.set_trailing_metadata(((gate.REQUEST_ID_KEY, self._request_id),))
            case grpc.aio.InternalError():
                # The connection broke while something was written to it: nobody is left to be told.
                log.info("client is gone")
            case Exception():
                await _abort(self._context, self._request_id, error)
            case _:
                return False
        return True


class Pipeline:
    """Makes gRPC handlers of methods."""

    def __init__(self, verifier: TokenVerifier, clock: Clock, limits: Limits) -> None:
        self._verifier = verifier
        self._clock = clock
        self._limits = limits

    @property
    def clock(self) -> Clock:
        """The time of all calls."""
        return self._clock

    def unary(self, method: Unary[Any]) -> Handler:
        """The handler of a method with one response."""

        async def behavior(body: bytes, context: Context) -> bytes | None:
            entry = gate.Entry.of(context.invocation_metadata() or ())
            async with Guard(context, entry.request_id):
                call = self._admit(entry, method.allowed)
                response = await method.handle(call, self._parse(method.request, body))
                return response if isinstance(response, bytes) else response.SerializeToString()
            return None

        return grpc.unary_unary_rpc_method_handler(behavior)

    def streaming(self, method: Streaming[Any]) -> Handler:
        """The handler of a method that writes many responses."""

        async def behavior(body: bytes, context: Context) -> None:
            entry = gate.Entry.of(context.invocation_metadata() or ())
            async with Guard(context, entry.request_id):
                call, request = self._admit(entry, method.allowed), self._parse(method.request, body)
                stream = method.handle(call, request, context.write)
                # What is a local here is kept for as long as the stream.
                del entry, call, request
                raise _StreamEnded(await stream)

        return grpc.unary_stream_rpc_method_handler(behavior)

    def authenticated(self, entry: gate.Entry) -> Principal:
        """Who calls; raises Unauthenticated."""
        return gate.authenticate(self._verifier, entry.authorization)

    def _admit(self, entry: gate.Entry, allowed: frozenset[Role]) -> Call:
        principal = self.authenticated(entry)
        return Call(
            principal=principal,
            role=gate.authorize(principal, allowed),
            request_id=entry.request_id,
            now=self._clock.now(),
            limits=self._limits,
        )

    def _parse(self, kind: type[RequestT], body: bytes) -> RequestT:
        limit = self._limits.request_bytes
        if len(body) > limit:
            raise errors.RequestTooLarge(
                errors.Reason.REQUEST_TOO_LARGE,
                f"the request has {len(body)} bytes, at most {limit} are allowed",
                {"size": str(len(body)), "limit": str(limit)},
            )
        return parsed(kind, body)


async def _abort(context: Context, request_id: str, raised: Exception) -> NoReturn:
    """End a call with the status of what was raised."""
    match raised:
        case _StreamEnded():
            error = raised.error
            log.debug("stream ended", reason=error.reason)
        case errors.UnisonoError():
            error = raised
            log.info("call refused", reason=error.reason, error=str(error))
        case _:
            log.error("call failed", exc_info=raised)
            error = errors.UnisonoError(
                errors.Reason.INTERNAL,
                "a fault of the server; its log has it under the request id",
                {"request_id": request_id},
            )
    answer = status.status_of(error)
    trailers: Trailers = ((gate.REQUEST_ID_KEY, request_id), *status.trailers(answer))
    await context.abort(status.code_of(error), answer.message, trailers)


def parsed(kind: type[RequestT], body: bytes) -> RequestT:
    """The message that a body is; raises RequestMalformed."""
    try:
        return kind.FromString(body)
    except DecodeError as error:
        raise errors.RequestMalformed(
            errors.Reason.REQUEST_MALFORMED,
            f"the request body is not a {kind.DESCRIPTOR.full_name}",
        ) from error
