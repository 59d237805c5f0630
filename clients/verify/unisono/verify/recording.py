"""Records as a history what goes through a transport of the SDK, and what devices ring for."""

import binascii
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

from google.protobuf.message import Message

from unisono.client import Device, Method, Transport, UnisonoError
from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.verify.history import OK, Annotation, Call, History, Principal, Ring, Stream, TimedMessage

Clock = Callable[[], float]

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


def steady_clock() -> Clock:
    """Return a clock of seconds since 1970 that does not jump when the machine's wall clock is set."""
    ahead = time.time() - time.monotonic()
    return lambda: time.monotonic() + ahead


class Recorder:
    """Collects the history of any number of clients. `history` grows while they work."""

    def __init__(self, clock: Clock) -> None:
        self.history = History()
        self.clock = clock

    def client(self, transport: Transport, principal: Principal) -> "RecordingTransport":
        """Return a transport that records, as the principal's, the calls that it makes on `transport`."""
        return RecordingTransport(transport, self, principal)

    async def listen(self, device: Device, principal: Principal) -> None:
        """Record what a device of the principal rings for from now on. Ends and raises as its events do."""
        async for event in device.events():
            if event.ring:
                ring = Ring(
                    principal=principal,
                    endpoint_id=device.endpoint_id,
                    time=self.clock(),
                    notification_id=event.notification.id,
                    alert_revision=event.notification.alert_revision,
                    revision=device.revision,
                )
                self.history.rings.append(ring)

    def annotate(self, name: str, **values: float) -> None:
        """Add an annotation to the history, with the present time."""
        self.history.annotations.append(Annotation(time=self.clock(), name=name, values=values))


class RecordingTransport:
    """A `Transport` that passes all calls on to another, and records them.

    Calls are recorded when they end, also when they fail or are cancelled; messages of streams as they are
    received. Copies are recorded, so that callers may change what they receive.
    """

    def __init__(self, transport: Transport, recorder: Recorder, principal: Principal) -> None:
        self._transport = transport
        self._recorder = recorder
        self._principal = principal

    async def unary(
        self, method: Method[Request, Response], request: Request, *, token: str, timeout: float | None
    ) -> Response:
        """See `Transport`."""
        asked = type(request)()
        asked.CopyFrom(request)
        began = self._recorder.clock()
        code, reason, answer = "", "", None
        try:
            answer = await self._transport.unary(method, request, token=token, timeout=timeout)
            code = OK
            return answer
        except UnisonoError as error:
            code, reason = error.code.name, error.reason
            raise
        finally:
            call = Call(
                principal=self._principal,
                method=method.name,
                request=asked,
                began=began,
                ended=self._recorder.clock(),
                code=code,
                reason=reason,
                answer=answer,
            )
            self._recorder.history.calls.append(call)

    async def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        """See `Transport`."""
        clock = self._recorder.clock
        asked = feed_pb.SubscribeRequest.FromString(request.SerializeToString())
        principal = replace(self._principal, expire_time=expiry(token))
        stream = Stream(principal=principal, request=asked, began=clock())
        self._recorder.history.streams.append(stream)
        try:
            async with aclosing(self._transport.stream(method, request, token=token)) as messages:
                async for message in messages:
                    # The caller may change the message.
                    received = feed_pb.SubscribeResponse.FromString(message.SerializeToString())
                    stream.messages.append(TimedMessage(clock(), received))
                    yield message
            stream.code = OK
        except UnisonoError as error:
            stream.code, stream.reason = error.code.name, error.reason
            raise
        finally:
            stream.ended = clock()

    async def close(self) -> None:
        """See `Transport`."""
        await self._transport.close()


def expiry(token: str) -> float | None:
    """Return when a JWT expires, in seconds since 1970 (RFC 7519, section 4.1.4).

    None for a token that is no JWT or has no `exp`. The signature is not verified.
    """
    _, _, body = token.partition(".")
    body = body.partition(".")[0]
    try:
        claims = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
        return None
    expires = claims.get("exp") if isinstance(claims, dict) else None
    return float(expires) if isinstance(expires, int | float) else None
