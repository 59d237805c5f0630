"""What the kernel does for a connection, and knows of it. Unix sockets need nothing but the latter."""

import asyncio
import select
import socket
from struct import Struct
from typing import Final

from unisono.server.api.http.timeouts import Timeouts

_LINGER: Final = Struct("ii")
"""The value of SO_LINGER: whether to wait for what is unsent, and seconds."""

MOST_UNSENT: Final = 128 * 1024
"""Bytes that the kernel takes of a connection beside those that are on their way to the client.

By itself it takes megabytes where the client does not read (tcp(7), `tcp_wmem`).
"""

_ENDED: Final = getattr(select, "POLLRDHUP", 0)
"""What `poll` says of a socket whose client sends no more; systems without it say POLLHUP by themselves."""


def reset(transport: asyncio.Transport) -> None:
    """Close a connection at once by RST: nothing of it is kept until the client has ended its side, too."""
    connected = transport.get_extra_info("socket")
    if _is_tcp(connected):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER.pack(1, 0))
    transport.abort()


def has_ended(transport: asyncio.Transport) -> bool:
    """Return whether the client has ended its side, or the connection, whatever is to be read before that."""
    if transport.is_closing():
        return True
    asked = select.poll()
    asked.register(transport.get_extra_info("socket").fileno(), _ENDED)
    return bool(asked.poll(0))


def prepare(connected: socket.socket, timeouts: Timeouts) -> None:
    """Have small answers sent at once, and little kept for a client that takes nothing; give up one that
    acknowledges nothing.
    """
    if not _is_tcp(connected):
        return
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        millis = int(1000 * (timeouts.keepalive_time + timeouts.ping_timeout))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, millis)


def probe(connected: socket.socket, timeouts: Timeouts) -> None:
    """Have a silent client probed, which HTTP/1.1 has no pings for."""
    if not _is_tcp(connected):
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, int(timeouts.keepalive_time)))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, int(timeouts.ping_timeout)))


def _is_tcp(connected: socket.socket) -> bool:
    return connected.family in (socket.AF_INET, socket.AF_INET6)
