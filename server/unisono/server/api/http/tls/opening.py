"""A connection until its handshake of TLS is over."""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import Final, cast

from unisono.server.api.http.alarm import Alarm, Due
from unisono.server.api.http.opening import Version, bad_request, version_of
from unisono.server.api.http.places import Place
from unisono.server.api.http.serving import Serving
from unisono.server.api.http.tls.client_certificates import RefusalLog, UnreadableCertificate, certificate_of
from unisono.server.api.http.tls.contexts import Contexts
from unisono.server.api.http.tls.handshakes import Handshakes
from unisono.server.api.http.tls.transport import TlsTransport

_TLS_ALONE: Final = bad_request(b"This port speaks only TLS")
"""What whoever speaks HTTP in the clear is told."""

LONGEST_HELLO: Final = 64 * 1024
"""Bytes that a client may send before it is its turn; those of browsers have about two thousand."""


class TlsOpening(asyncio.Protocol):
    """Leads the handshake, and has `then` make the protocol that speaks over the encrypted connection.

    Nothing is read while a step is taken.
    """

    __slots__ = (
        "_alarm",
        "_arrived",
        "_contexts",
        "_counted",
        "_entered",
        "_handshakes",
        "_incoming",
        "_is_over",
        "_outgoing",
        "_place",
        "_refusals",
        "_serving",
        "_ssl",
        "_then",
        "_transport",
    )

    def __init__(
        self,
        serving: Serving,
        contexts: Contexts,
        handshakes: Handshakes,
        refusals: RefusalLog,
        then: Callable[[Place], asyncio.Protocol],
    ) -> None:
        self._serving: Final = serving
        self._contexts: Final = contexts
        self._handshakes: Final = handshakes
        self._refusals: Final = refusals
        self._then: Final = then
        self._alarm: Final = Alarm(serving.loop, self._on_due)
        self._alarm.set(Due.HANDSHAKE, serving.loop.time() + serving.timeouts.handshake)
        self._arrived = b""
        self._counted = False
        self._entered = False
        self._is_over = False
        self._ssl: ssl.SSLObject | None = None
        self._place: Place
        self._incoming: ssl.MemoryBIO
        self._outgoing: ssl.MemoryBIO
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the client's hello."""
        self._transport = cast("asyncio.Transport", transport)
        self._serving.connections.add(self)
        self._place = self._serving.admit(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._entered:
            self._count("gone")
        self._place.leave()
        self._end()

    def data_received(self, data: bytes) -> None:
        """Take the next step, or the first one once there is room for it."""
        self._arrived += data
        if self._ssl is not None:
            self._take_step(self._ssl)
        elif len(self._arrived) > LONGEST_HELLO:
            self.abort()
        elif not self._entered:
            self._find_out()

    def begin(self) -> None:
        """Take the first step."""
        context = self._contexts.current()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._take_step(self._ssl)

    def drain(self) -> None:
        """Close: there is nothing yet that could be ended well."""
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _find_out(self) -> None:
        version = version_of(self._arrived)
        if version is Version.TLS:
            self._entered = True
            self._handshakes.enter(self)
        elif version is not None:
            self._count("not_tls")
            if version is Version.HTTP_1:
                self._transport.write(_TLS_ALONE)
            self._transport.close()

    def _take_step(self, tls: ssl.SSLObject) -> None:
        """Have OpenSSL work on what has arrived, which is not to change meanwhile."""
        self._transport.pause_reading()
        self._incoming.write(self._arrived)
        self._arrived = b""
        self._handshakes.take(self, tls.do_handshake, partial(self._on_step, tls))

    def _on_step(self, tls: ssl.SSLObject, step: asyncio.Future[None]) -> None:
        if step.cancelled():
            return
        # Looked at in any case: what nobody looks at is logged.
        error = step.exception()
        if self._is_over:
            return
        if self._outgoing.pending:
            self._transport.write(self._outgoing.read())
        if error is None:
            self._hand_over(tls)
        elif isinstance(error, ssl.SSLWantReadError):
            self._transport.resume_reading()
        else:
            if isinstance(error, ssl.SSLCertVerificationError):
                self._refusals.refused(error.verify_message)
            self._count(_ending(error))
            self._transport.close()

    def _hand_over(self, tls: ssl.SSLObject) -> None:
        try:
            certificate = certificate_of(tls)
        except UnreadableCertificate as error:
            self._refusals.refused(str(error))
            self._count("client_certificate")
            self._transport.close()
            return
        self._count("ok")
        transport = TlsTransport(self._transport, tls, self._incoming, self._outgoing, certificate)
        # First, for what comes next may pause it again.
        self._transport.resume_reading()
        transport.begin(self._then(self._place))
        self._end()

    def _end(self) -> None:
        """Leave its place to others; whatever step is still taken has no consequences."""
        self._is_over = True
        self._alarm.close()
        if self._entered:
            self._handshakes.leave(self)
        self._serving.closed(self)

    def _count(self, ending: str) -> None:
        """Count how the handshake ends, unless that is known already; who is refused has none."""
        if not self._counted and self._place.refused is None:
            self._counted = True
            self._serving.metrics.handshakes[ending] += 1

    def _on_due(self, due: Due, now: float) -> None:
        self._count("timeout")
        self.abort()


def _ending(error: BaseException) -> str:
    """Return why a handshake failed; see `connection_metrics.HANDSHAKES`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "client_certificate"
    said = error.reason if isinstance(error, ssl.SSLError) else None
    return "alert" if "_ALERT_" in (said or "") else "protocol"
