"""Channels to a server, and the metadata of calls."""

import re
from dataclasses import dataclass
from typing import Final

import grpc

from unisono.client._wire.cleartext import warn_of

IDLE_TIMEOUT_MS: Final = 50_000
"""A connection without calls is closed within twice this time: before a server or a proxy closes it, as they
do after two minutes, about which gRPC would write a line to the terminal."""

#: What suits streams that stay open for minutes without a message. The server allows pings every 20 s.
#: A lost server is looked for at least every 5 s: whoever comes back asks at its own, random, times.
_OPTIONS: Final = (
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.http2.ping_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.client_idle_timeout_ms", IDLE_TIMEOUT_MS),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
)

#: gRPC has one connection for all channels in the clear whose options are equal: an option that means
#: nothing to it keeps those apart that differ in it.
_NUMBER: Final = "unisono.connection"

#: What gRPC takes besides HOST:PORT.
_SCHEMES = ("dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "xds:")
_HOST_PORT = re.compile(r"(?:\[[^\]\s]+\]|[^\[\]:/\s]+):(?P<port>[0-9]{1,5})")
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is. Connections use TLS with `tls`, or with `root_certificates` (PEM) alone.

    Raises `ValueError` as `check` does.
    """

    target: str
    tls: bool = False
    root_certificates: bytes | None = None

    def __post_init__(self) -> None:
        """Check the address."""
        check(self.target, self.root_certificates)

    @property
    def encrypted(self) -> bool:
        """Whether connections use TLS, so that nobody on the way can read the tokens."""
        return self.tls or self.root_certificates is not None

    def warn_if_cleartext(self) -> None:
        """Log a warning, once for each target, if tokens travel in the clear to another machine."""
        if not self.encrypted:
            warn_of(self.target)

    def channel(self, number: int | None = None) -> grpc.aio.Channel:
        """Return a channel to the server. Channels with different numbers never share a connection."""
        options = _OPTIONS if number is None else (*_OPTIONS, (_NUMBER, number))
        if not self.encrypted:
            return grpc.aio.insecure_channel(self.target, options=options)
        credentials = grpc.ssl_channel_credentials(self.root_certificates)
        return grpc.aio.secure_channel(self.target, credentials, options=options)


def create_channel(
    target: str, *, tls: bool = False, root_certificates: bytes | None = None
) -> grpc.aio.Channel:
    """Return a channel to HOST:PORT: in the clear unless `tls` is set or `root_certificates` (PEM) are given.

    Call this on the event loop that is to use the channel, and close it yourself; it connects with its first
    call. In the clear, whoever is on the way can read tokens, so stay on this machine without TLS: a warning
    is logged for other targets. All channels in the clear to one target share a connection, on which a server
    allows 1,000 streams and calls at a time (`create_transport` uses several by itself). Raises `ValueError`
    for a target that is no address, and for certificates that are no PEM.
    """
    address = Address(target=target, tls=tls, root_certificates=root_certificates)
    address.warn_if_cleartext()
    return address.channel()


def check(target: str, root_certificates: bytes | None) -> None:
    """Raise `ValueError` for what gRPC would accept, try for ever, and say little about.

    A target is HOST:PORT, or has one of gRPC's schemes:
    https://github.com/grpc/grpc/blob/master/doc/naming.md. Certificates must be in PEM.
    """
    address = _HOST_PORT.fullmatch(target)
    if not target.startswith(_SCHEMES) and not (address and 1 <= int(address["port"]) <= _LAST_PORT):
        raise ValueError(f"target: must be HOST:PORT, such as 127.0.0.1:50051; is {target!r}")
    if root_certificates is not None and b"-----BEGIN CERTIFICATE-----" not in root_certificates:
        raise ValueError("root_certificates: must be certificates in PEM; there is none in it")


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """Return the metadata that carries an access token: `stub.Method(request, metadata=bearer(token))`.

    The form is that of RFC 6750, section 2.1. The token is not checked.
    """
    return (("authorization", f"Bearer {token}"),)
