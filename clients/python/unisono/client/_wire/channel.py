"""Channels and the metadata of calls. Knows no messages."""

import re
from dataclasses import dataclass
from typing import Final

import grpc

from unisono.client._wire.cleartext import warn_of

IDLE_TIMEOUT_MS: Final = 50_000
"""A connection without calls is let go within twice this time: before a server or a proxy closes it, as they
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
    """Where a server is, and how to speak to it: in TLS also with `root_certificates` (PEM) alone."""

    target: str
    tls: bool = False
    root_certificates: bytes | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError` for what gRPC would take, try for ever, and say little about."""
        check(self.target, self.root_certificates)

    @property
    def encrypted(self) -> bool:
        """Whether nobody on the way can read what is said."""
        return self.tls or self.root_certificates is not None

    def warn(self) -> None:
        """Log, once for each target, that tokens can be read on the way, where they can."""
        if not self.encrypted:
            warn_of(self.target)

    def channel(self, number: int | None = None) -> grpc.aio.Channel:
        """A channel to it. Those with different numbers never share a connection."""
        options = _OPTIONS if number is None else (*_OPTIONS, (_NUMBER, number))
        if not self.encrypted:
            return grpc.aio.insecure_channel(self.target, options=options)
        credentials = grpc.ssl_channel_credentials(self.root_certificates)
        return grpc.aio.secure_channel(self.target, credentials, options=options)


def create_channel(
    target: str, *, tls: bool = False, root_certificates: bytes | None = None
) -> grpc.aio.Channel:
    """A channel to HOST:PORT, in the clear unless `tls` is on or `root_certificates` (PEM) are given.

    A token that travels in the clear can be read by whoever is on the way: without TLS, stay on this
    machine. All channels in the clear to one target share a connection, on which a server allows 1,000
    streams and calls at a time (`transport_to` spreads them by itself). Raises `ValueError` for what is
    no address, and for certificates that are none.
    """
    address = Address(target=target, tls=tls, root_certificates=root_certificates)
    address.warn()
    return address.channel()


def check(target: str, root_certificates: bytes | None) -> None:
    """Raise `ValueError` for what gRPC would take, try for ever, and say little about."""
    address = _HOST_PORT.fullmatch(target)
    if not target.startswith(_SCHEMES) and not (address and 1 <= int(address["port"]) <= _LAST_PORT):
        raise ValueError(f"target: must be HOST:PORT, such as 127.0.0.1:50051; is {target!r}")
    if root_certificates is not None and b"-----BEGIN CERTIFICATE-----" not in root_certificates:
        raise ValueError("root_certificates: must be certificates in PEM; there is none in it")


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """The metadata that carries an access token: `stub.Method(request, metadata=bearer(token))`."""
    return (("authorization", f"Bearer {token}"),)
