"""How long the parts of a connection's life may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """All in seconds; those that are settings are explained in `docs/server.md`."""

    handshake: float = 15.0
    """Until a client has sent the preface and settings of HTTP/2, or the head of a request of HTTP/1.1."""

    proxy_header: float = 1.0
    """Until a trusted proxy has sent the header of the PROXY protocol, where that is expected."""

    settings: float = 15.0
    """Until it has acknowledged our settings (RFC 9113, section 6.5.3)."""

    frame: float = 15.0
    """Until a frame of HTTP/2 that has begun to come is whole, or a block of headers over several frames."""

    connection_idle: float = 120.0
    """How long a connection may have no request."""

    connection_age: float = 60 * 60.0
    """After how long it takes no more requests, a tenth more or less, so that not all end at once."""

    connection_age_grace: float = 21 * 60.0
    """How long requests may go on once it takes no more."""

    keepalive_time: float = 60.0
    """How long it may be silent before it gets a ping."""

    ping_timeout: float = 20.0
    """How long it may be silent after that."""

    stalled_write: float = 60.0
    """How long a client may take nothing of what waits for it."""

    last_stream: float = 1.0
    """How long to wait for the ping between the two GOAWAYs of a graceful end."""

    linger: float = 2.0
    """How long to read on after our end, so that the client gets to see what we sent last."""

    cancelled: float = 2.0
    """How long whoever handles a request may take to end when the listener has cancelled it."""
