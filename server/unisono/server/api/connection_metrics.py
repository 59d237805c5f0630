"""Counts the connections of a transport: those that are refused, do not go on in time, or fail to speak TLS.

Knows no address and no client.
"""

from collections import Counter
from typing import Final

LIMITS: Final = (
    "connections",
    "connections_per_address",
    "opening_connections_per_address",
    "new_connections_per_address",
)
"""The settings by which a connection may be refused."""

AWAITED: Final = ("handshake", "settings", "frame", "body", "pong", "reader", "stream_reader")
"""What is awaited of a client, and not for ever; "reader" and "stream_reader" take what is sent to them."""

HANDSHAKES: Final = ("ok", "alert", "client_certificate", "not_tls", "protocol", "gone", "timeout")
"""How handshakes of TLS end. "alert" is the client's: it does not take the server's certificate."""


class ConnectionMetrics:
    """What the connections of a transport of our own count; grpcio tells nothing of its connections."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = 0
        self.refused: Final[Counter[str]] = Counter(dict.fromkeys(LIMITS, 0))
        #: How often a stranger was to wait before anything more is read of it.
        self.held = 0
        self.timed_out: Final[Counter[str]] = Counter(dict.fromkeys(AWAITED, 0))
        self.handshakes: Final[Counter[str]] = Counter(dict.fromkeys(HANDSHAKES, 0))
