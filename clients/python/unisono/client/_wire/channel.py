"""Channels and the metadata of calls. Knows no messages."""

import grpc

#: What suits streams that stay open for minutes without a message. The server allows pings every 20 s.
#: A lost server is looked for at least every 5 s: whoever comes back asks at its own, random, times.
_OPTIONS = (
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.http2.ping_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
)


def connect(target: str, *, tls: bool = False, root_certificates: bytes | None = None) -> grpc.aio.Channel:
    """A channel to HOST:PORT, in the clear unless `tls` is on or `root_certificates` (PEM) are given.

    A token that travels in the clear can be read by whoever is on the way: without TLS, stay on this
    machine.
    """
    if not tls and root_certificates is None:
        return grpc.aio.insecure_channel(target, options=_OPTIONS)
    credentials = grpc.ssl_channel_credentials(root_certificates)
    return grpc.aio.secure_channel(target, credentials, options=_OPTIONS)


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """The metadata that carries an access token: `stub.Method(request, metadata=bearer(token))`."""
    return (("authorization", f"Bearer {token}"),)
