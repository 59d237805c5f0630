"""What a node, and the server around it, have to tell of themselves, wherever it is shown."""

from collections.abc import Callable, Mapping, Sequence

from unisono.server.api.call_metrics import CallMetrics
from unisono.server.api.connection_metrics import ConnectionMetrics
from unisono.server.core.access.signature_budget import SignatureBudget
from unisono.server.core.commit_metrics import CommitMetrics
from unisono.server.core.commit_places import CommitPlaces
from unisono.server.core.stream_metrics import StreamMetrics
from unisono.server.core.sweeper import Sweeper
from unisono.server.errors import Reason
from unisono.server.histogram import Histogram
from unisono.server.keys.base import KeySource
from unisono.server.model.value import value
from unisono.server.store.metrics import StoreMetrics
from unisono.server.store.sqlite.statistics import Statistics


@value(frozen=True, slots=True, kw_only=True)
class Refusals:
    """What is refused: calls and items of batches by reason, and calls by the limit that they met.

    `held` returns how many refusals are held back.
    """

    calls: Mapping[Reason, int]
    batch_items: Mapping[Reason, int]
    limited: Mapping[str, int]
    held: Callable[[], int]
    signatures: SignatureBudget


@value(frozen=True, slots=True, kw_only=True)
class Commits:
    """The commits to feeds, or to endpoints, and the places of what waits for them."""

    metrics: CommitMetrics
    places: CommitPlaces


@value(frozen=True, slots=True, kw_only=True)
class NodeMetrics:
    """The parts of a node that count. `erasing` returns how many deleted feeds are not erased yet,
    `store_is_away` whether nothing can be stored or read.
    """

    calls: CallMetrics
    refusals: Refusals
    connections: ConnectionMetrics | None
    streams: StreamMetrics
    commits: Mapping[str, Commits]
    turn_wait_seconds: Histogram
    sweeper: Sweeper
    erasing: Callable[[], int]
    store_is_away: Callable[[], bool]


@value(frozen=True, slots=True, kw_only=True)
class ServerMetrics:
    """A node and what it has around it: its store, the keys of issuers by their names, and its certificate.

    `chain` returns the certificate and those that it came with, as PEM, as they were read last; None without
    TLS.
    """

    transport: str
    node: NodeMetrics
    store: StoreMetrics
    statistics: Statistics
    issuers: Sequence[tuple[str, KeySource]]
    chain: Callable[[], bytes | None]
