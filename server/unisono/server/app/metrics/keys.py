"""The metrics of the keys of issuers, which the operator has named."""

from collections.abc import Iterator, Sequence

from prometheus_client.metrics_core import Metric

from unisono.server.app.metrics.families import counter, gauge
from unisono.server.keys.base import KeySource


def families(issuers: Sequence[tuple[str, KeySource]]) -> Iterator[Metric]:
    """Yield the metrics of keys."""
    each = [((name,), keys.status) for name, keys in issuers]
    yield gauge(
        "unisono_issuer_keys_available",
        "Whether the keys of an issuer are there, and fresh enough to be used.",
        ("issuer",),
        ((name, float(status.available)) for name, status in each),
    )
    yield gauge(
        "unisono_issuer_keys_age_seconds",
        "How long ago the keys of an issuer were fetched.",
        ("issuer",),
        ((name, status.age) for name, status in each if status.age is not None),
    )
    yield counter(
        "unisono_issuer_keys_failures",
        "How often the keys of an issuer could not be fetched or read.",
        ("issuer",),
        ((name, status.failures) for name, status in each),
    )
