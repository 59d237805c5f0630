"""Puts TLS below the connections of a listener."""

from typing import Final

from unisono.server.api.http.opening import Opening
from unisono.server.api.http.places import Place
from unisono.server.api.http.serving import Serving
from unisono.server.api.http.tls.client_certificates import RefusalLog
from unisono.server.api.http.tls.contexts import Contexts
from unisono.server.api.http.tls.handshakes import Handshakes
from unisono.server.api.http.tls.opening import TlsOpening
from unisono.server.api.tls import Certificate


class TlsLayer:
    """Makes what leads the handshake of a connection that was accepted."""

    __slots__ = ("_contexts", "_handshakes", "_refusals", "_serving")

    def __init__(self, certificate: Certificate, serving: Serving, handshakes: int) -> None:
        """`handshakes` is how many may be under way at a time."""
        self._contexts: Final = Contexts(certificate)
        self._handshakes: Final = Handshakes(serving.loop, handshakes)
        self._refusals: Final = RefusalLog(serving.loop.time)
        self._serving: Final = serving

    def __call__(self) -> TlsOpening:
        """Return the first protocol of a connection, which `Opening` follows."""
        return TlsOpening(self._serving, self._contexts, self._handshakes, self._refusals, self._then)

    def _then(self, place: Place) -> Opening:
        """Return what follows the handshake of a connection, which has its place already."""
        return Opening(self._serving, lambda _: place)

    def close(self) -> None:
        """End the thread of the handshakes."""
        self._handshakes.close()
