"""Puts the PROXY protocol before all else that connections of trusted proxies say."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from unisono.server.api.http.peers import peer_name
from unisono.server.api.http.proxies.opening import ProxyOpening
from unisono.server.api.http.serving import Serving
from unisono.server.api.sampling import Sampler

log = structlog.get_logger(__name__)


class ProxyLayer:
    """Makes what reads the header of a connection that was accepted.

    For others there is no such protocol: a header from them is nonsense, and closes the connection.
    """

    __slots__ = ("_lines", "_serving", "_then")

    def __init__(self, serving: Serving, then: Callable[[], asyncio.Protocol]) -> None:
        """`then` makes the protocol that follows the header."""
        self._serving: Final = serving
        self._then: Final = then
        self._lines: Final = Sampler[None](serving.loop.time)

    def __call__(self) -> ProxyOpening:
        """Return the first protocol of a connection."""
        return ProxyOpening(self._serving, self._then, self._refused)

    def _refused(self, name: object, why: str) -> None:
        """Tell whoever runs the proxy why nobody gets through it."""
        if self._lines.takes(None):
            log.warning("proxy_header_refused", proxy=peer_name(name), why=why)
