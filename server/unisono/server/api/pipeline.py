"""Makes handlers of methods: request id, token, role, rate limits, request, errors and log of each call.

Handlers exchange bytes with the transport: so a body that does not parse is an error of the service, and an
event is encoded once for all streams. Depends on no single method, and on no transport.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeAlias, TypeVar

from google.protobuf.message import Message

from unisono.server import errors
from unisono.server.api import auth
from unisono.server.api.audit import Audit, Effect
from unisono.server.api.call import Call, Rpc
from unisono.server.api.call_log import CallLog
from unisono.server.api.call_metrics import CallMetrics, MethodMetrics
from unisono.server.api.call_traces import CallTraces
from unisono.server.api.decoding import parsed
from unisono.server.api.error_boundary import CallEnded, ErrorBoundary
from unisono.server.api.http.networks import network_of_name
from unisono.server.api.receiving import Receiver
from unisono.server.api.refusal_log import RefusalLog
from unisono.server.api.request_context import RequestContext
from unisono.server.api.sizes import request_size
from unisono.server.api.tarpit import Tarpit
from unisono.server.clock import Clock
from unisono.server.core.access.origins import AppOrigins
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.core.admission import Admission, CallKind
from unisono.server.core.bars import Bars
from unisono.server.model import Limits

MessageT = TypeVar("MessageT", bound=Message)

Write: TypeAlias = Callable[[bytes], Awaitable[None]]

#: The roles that may call a method.
BOTH = frozenset((Role.DEVICE, Role.PUBLISHER))
DEVICE = frozenset((Role.DEVICE,))
PUBLISHER = frozenset((Role.PUBLISHER,))
ADMIN = frozenset((Role.ADMIN,))


@dataclass(frozen=True, slots=True)
class Unary(Generic[MessageT]):
    """A method with one response: its request type, its handler, and the roles that may call it.

    The handler returns the response, or its encoding. `kind` says which rate limit counts the call, `effect`
    what a publisher's call does that is worth a record in the audit log.
    """

    request: type[MessageT]
    handle: Callable[[RequestContext, MessageT], Awaitable[Message | bytes]]
    allowed: frozenset[Role] = BOTH
    kind: CallKind = CallKind.CALL
    effect: Effect | None = None

    def answer(self, request_context: RequestContext, body: bytes) -> Awaitable[Message | bytes]:
        """Decode a request, and call the handler. Raises RequestMalformed where the body does not parse."""
        return self.handle(request_context, parsed(self.request, body))


@dataclass(frozen=True, slots=True)
class UnaryBytes:
    """A method with one response that decodes its request by itself, and returns an encoded response.

    For large requests, which would block the event loop if they were decoded in one piece.
    """

    request: type[Message]
    answer: Callable[[RequestContext, bytes], Awaitable[bytes]]
    allowed: frozenset[Role] = BOTH
    kind: CallKind = CallKind.CALL


@dataclass(frozen=True, slots=True)
class Streaming(Generic[MessageT]):
    """A method that writes any number of encoded responses, and returns the error that ends the stream."""

    request: type[MessageT]
    handle: Callable[[RequestContext, MessageT, Write], Awaitable[errors.UnisonoError]]
    allowed: frozenset[Role] = DEVICE


class Pipeline:
    """Makes handlers of methods, which share the limits on callers, the logs, and the clock.

    A call passes, in this order: token, rate limit, origin, role, calls in flight (unary methods only),
    receiving the request, its size, decoding, and the method. So what is refused for its caller alone costs
    no decoding. `request_timeout` is how many seconds a request may take to arrive, `refusal_delay` how many
    seconds a TooFrequent is held back on average. Methods are named in full, as
    `unisono.v1.FeedService/GetFeed`.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        bars: Bars,
        clock: Clock,
        limits: Limits,
        *,
        request_timeout: float,
        refusal_delay: float,
        audit: Audit | None = None,
        traces: CallTraces | None = None,
        call_log: CallLog | None = None,
        origins: AppOrigins | None = None,
    ) -> None:
        self._verifier = verifier
        self._origins = origins or AppOrigins({})
        self._bars = bars
        self._clock = clock
        self._limits = limits
        self.admission: Final = Admission(clock, limits, address_of=network_of_name)
        self._receiver = Receiver(request_timeout)
        self._refusals = RefusalLog(clock)
        self._audit = audit
        self._traces = traces
        self._call_log = call_log
        self.metrics = CallMetrics()
        self._tarpit = Tarpit(refusal_delay)

    @property
    def refusals(self) -> Mapping[errors.Reason, int]:
        """How many calls were refused or failed, by reason."""
        return self._refusals.counts

    @property
    def limited(self) -> Mapping[str, int]:
        """How many calls were refused by each limit on callers, those that are held back among them."""
        return self.admission.refused

    @property
    def held(self) -> int:
        """How many refusals are held back now."""
        return self._tarpit.held

    @property
    def clock(self) -> Clock:
        """The clock that all calls use."""
        return self._clock

    def close(self) -> None:
        """Release all calls that are held back, and hold none from now on; call when the server stops."""
        self._tarpit.close()

    def unary(self, name: str, method: Unary[Any] | UnaryBytes) -> Rpc:
        """Return the handler of a method with one response."""
        if isinstance(method, Unary):
            method = self.audited(name, method)
        limit, metrics = request_size(method.request, self._limits), self.metrics.method(name)

        async def handle(call: Call) -> bytes | None:
            metadata = auth.CallMetadata.of(call.metadata)
            async with (boundary := self.error_boundary(call, metrics, metadata)):
                principal = self.admit(call, boundary, metadata, method.kind, method.allowed)
                auth.require_use(principal, name, call)
                with self.admission.count_in_flight(principal):
                    body = await self.receive(call, boundary, limit)
                    context = self.context(call, boundary, metadata, principal)
                    response = await method.answer(context, body)
                    return response if isinstance(response, bytes) else response.SerializeToString()
            return None

        return Rpc(handle)

    def streaming(self, name: str, method: Streaming[Any]) -> Rpc:
        """Return the handler of a method that writes many responses."""
        limit = request_size(method.request, self._limits)
        metrics = self.metrics.method(name, streaming=True)

        async def handle(call: Call) -> None:
            metadata = auth.CallMetadata.of(call.metadata)
            async with (boundary := self.error_boundary(call, metrics, metadata)):
                principal = self.admit(call, boundary, metadata, CallKind.SUBSCRIBE, method.allowed)
                body = await self.receive(call, boundary, limit)
                request = parsed(method.request, body)
                context = self.context(call, boundary, metadata, principal)
                stream = method.handle(context, request, call.write)
                # A local variable here would live for as long as the stream.
                del metadata, principal, body, request, context, boundary
                raise CallEnded(await stream)

        return Rpc(handle, streaming=True)

    def anonymous(
        self, name: str, answer: Callable[[Call], Awaitable[bytes | None]], *, streaming: bool = False
    ) -> Rpc:
        """Return the handler of a method without a token.

        Its calls count against the limit on strangers, by connection; beyond it they end with TooFrequent.
        """
        metrics = self.metrics.method(name, streaming=streaming)

        async def handle(call: Call) -> bytes | None:
            metadata = auth.CallMetadata.of(call.metadata)
            async with self.error_boundary(call, metrics, metadata):
                self.admission.count_stranger(call.peer())
                return await answer(call)
            return None

        return Rpc(handle, streaming=streaming)

    def error_boundary(
        self, call: Call, metrics: MethodMetrics, metadata: auth.CallMetadata
    ) -> ErrorBoundary:
        """Return the error boundary to enter around the handling of a call; `metrics` are its method's."""
        return ErrorBoundary(
            call,
            metrics,
            metadata,
            refusals=self._refusals,
            audit=self._audit,
            tarpit=self._tarpit,
            traces=self._traces,
            call_log=self._call_log,
        )

    async def receive(self, call: Call, boundary: ErrorBoundary, limit: int) -> bytes:
        """Receive the request of the call that `boundary` is around; see `Receiver.receive`."""
        return await self._receiver.receive(call, boundary, limit)

    def admit(
        self,
        call: Call,
        boundary: ErrorBoundary,
        metadata: auth.CallMetadata,
        kind: CallKind,
        allowed: frozenset[Role] = BOTH,
    ) -> Principal:
        """Return the caller of a method that the roles `allowed` may call, and count the call as `kind`.

        Raises Unauthenticated without a good token; PermissionDenied when its app is unknown or does not know
        the page that calls, or a scope or the role is missing; and TooFrequent when the caller, or a
        connection without a readable token, makes more calls a second than allowed.
        """
        principal = self._authenticated(call, metadata)
        self.welcome(call, boundary, principal, kind)
        self._origins.check(principal, call.origin)
        auth.require_role(principal, allowed)
        return principal

    def welcome(self, call: Call, boundary: ErrorBoundary, principal: Principal, kind: CallKind) -> None:
        """Know who calls, and count the call as `kind`. Raises TooFrequent as `admit` does."""
        boundary.app_id = principal.app_id or None
        call.known()
        self.admission.begin(principal, kind)

    def _authenticated(self, call: Call, metadata: auth.CallMetadata) -> Principal:
        """Return who calls. A call counts as a stranger's only where no client of ours can have its token.

        Tokens that were good once do not count: after a rotation of keys, all clients of an app are refused.
        """
        try:
            return auth.authenticate(
                self._verifier, metadata.authorization, call.peer(), call.client_certificate
            )
        except errors.Unauthenticated as error:
            if error.reason is errors.Reason.TOKEN_MISSING or isinstance(error, errors.TokenUndecodable):
                self.admission.count_stranger(call.peer())
            raise

    def audited(self, name: str, method: Unary[MessageT]) -> Unary[MessageT]:
        """Return the method, with what is worth a record recorded where there is an audit log."""
        if self._audit is None or method.effect is None:
            return method
        return replace(method, handle=self._audit.watched(method.handle, method.effect, name))

    def context(
        self, call: Call, boundary: ErrorBoundary, metadata: auth.CallMetadata, principal: Principal
    ) -> RequestContext:
        """Return the context of a call whose request has arrived."""
        return RequestContext(
            principal=principal,
            role=principal.role,
            request_id=metadata.request_id,
            peer=call.peer,
            now=self._clock.now(),
            limits=self._limits,
            bars=self._bars,
            transport=call.transport,
            record=boundary.record,
        )
