"""The metrics of connections, and of the server's certificate."""

from collections.abc import Iterator
from functools import lru_cache

from cryptography.x509 import load_pem_x509_certificates
from prometheus_client.metrics_core import Metric

from unisono.server.api.connection_metrics import ConnectionMetrics
from unisono.server.app.metrics.families import by_name, counter, gauge


def families(connections: ConnectionMetrics | None, chain: bytes | None) -> Iterator[Metric]:
    """Yield the metrics of connections, where the transport knows them, and of a certificate."""
    if connections is not None:
        yield from _connections(connections)
    not_after = () if chain is None or (end := _not_after(chain)) is None else (((), end),)
    yield gauge(
        "unisono_tls_certificate_not_after_timestamp_seconds",
        "When the certificate expires, or the first of those that it came with.",
        (),
        not_after,
    )


def _connections(connections: ConnectionMetrics) -> Iterator[Metric]:
    opened, closed = connections.opened, connections.closed
    yield gauge("unisono_open_connections", "Connections that are open.", (), (((), opened - closed),))
    yield counter("unisono_connections_opened", "Connections that were not refused.", (), (((), opened),))
    yield counter(
        "unisono_connections_refused",
        "Connections that were refused before anything was read, by the limit that they met.",
        ("limit",),
        by_name(connections.refused),
    )
    yield counter(
        "unisono_connections_timed_out",
        "Connections and streams that were ended, by what was awaited of the client.",
        ("awaited",),
        by_name(connections.timed_out),
    )
    yield counter(
        "unisono_strangers_held",
        "How often a client without a good token had to wait before more was read of it.",
        (),
        (((), connections.held),),
    )
    yield counter(
        "unisono_tls_handshakes",
        "Handshakes of TLS, by how they ended.",
        ("outcome",),
        by_name(connections.handshakes),
    )


@lru_cache(maxsize=1)
def _not_after(chain: bytes) -> float | None:
    """Return when the first of these expires, in seconds since 1970; None where one cannot be read."""
    try:
        return min(one.not_valid_after_utc.timestamp() for one in load_pem_x509_certificates(chain))
    except ValueError:
        return None
