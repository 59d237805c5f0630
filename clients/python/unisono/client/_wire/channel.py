"""Channels to a server, and the metadata of calls."""

from collections.abc import Sequence
from typing import Final, Unpack

import grpc

from unisono.client._wire import forks
from unisono.client._wire.address import Address, ConnectionOptions
from unisono.client._wire.cleartext import warn_of
from unisono.client._wire.environment import address_of
from unisono.client._wire.proxies import may_use_proxy

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

#: A proxy of the environment is for the way to other machines: it does not know what is on this one.
_NO_PROXY: Final = ("grpc.enable_http_proxy", 0)


def channel_to(address: Address, number: int | None = None) -> grpc.aio.Channel:
    """Return a channel to an address. Channels with different numbers never share a connection.

    Raises `RuntimeError` in a forked process that cannot use gRPC.
    """
    options: list[tuple[str, int]] = list(_OPTIONS)
    if number is not None:
        options.append((_NUMBER, number))
    if not may_use_proxy(address):
        options.append(_NO_PROXY)
    with forks.opening():
        forks.check()
        channel = _channel(address, options)
        forks.own(channel)
        return channel


def _channel(address: Address, options: Sequence[tuple[str, int]]) -> grpc.aio.Channel:
    if not address.encrypted:
        return grpc.aio.insecure_channel(address.target, options=options)
    credentials = grpc.ssl_channel_credentials(
        address.root_certificates, address.client_key, address.client_certificate
    )
    return grpc.aio.secure_channel(address.target, credentials, options=options)


def warn_if_cleartext(address: Address) -> None:
    """Log a warning, once for each target, if tokens travel in the clear to another machine."""
    if not address.encrypted:
        warn_of(address.target)


def create_channel(target: str | None = None, **connection: Unpack[ConnectionOptions]) -> grpc.aio.Channel:
    """Return a channel to HOST:PORT, or that of the environment; see `ConnectionOptions` for the keywords.

    Call this on the event loop that is to use the channel, and close it yourself; it connects with its first
    call. In the clear, whoever is on the way can read tokens, so stay on this machine without TLS: a warning
    is logged for other targets. All channels in the clear to one target share a connection, on which a server
    allows 1,000 streams and calls at a time (`create_transport` uses several by itself). Raises `ValueError`
    for a target that is no address, and for certificates that are no PEM; `TypeError` for other keywords.
    """
    address = address_of(target, connection)
    warn_if_cleartext(address)
    return channel_to(address)


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """Return the metadata that carries an access token: `stub.Method(request, metadata=bearer(token))`.

    The form is that of RFC 6750, section 2.1. The token is not checked.
    """
    return (("authorization", f"Bearer {token}"),)


def token_metadata(token: str) -> tuple[tuple[str, str], ...]:
    """Return the metadata of a call with this token; none for the empty one: a certificate says who calls."""
    return bearer(token) if token else ()
