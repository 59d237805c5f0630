"""The metrics of commits, of what is done in the background, and of the store."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from unisono.server.app.metrics.families import by_name, counter, gauge, histogram
from unisono.server.app.metrics.node_metrics import NodeMetrics
from unisono.server.app.metrics.survey import Survey
from unisono.server.store.metrics import StoreMetrics


def commits(node: NodeMetrics) -> Iterator[Metric]:
    """Yield the metrics of commits, and of what takes turns."""
    each = [((to,), commits) for to, commits in node.commits.items()]
    yield histogram(
        "unisono_commit_items",
        "Changes that share a commit.",
        ("to",),
        ((to, one.metrics.items) for to, one in each),
    )
    yield histogram(
        "unisono_commit_seconds",
        "How long commits take, with their sync of the disk.",
        ("to",),
        ((to, one.metrics.seconds) for to, one in each),
    )
    yield histogram(
        "unisono_commit_wait_seconds",
        "How long callers waited until a commit of what they change began.",
        ("to",),
        ((to, one.metrics.wait_seconds) for to, one in each),
    )
    yield gauge(
        "unisono_commit_queue_items",
        "Changes that wait for a commit, or are in one.",
        ("to",),
        ((to, one.places.taken) for to, one in each),
    )
    yield gauge(
        "unisono_commit_queue_capacity",
        "How many there may be.",
        ("to",),
        ((to, one.places.capacity) for to, one in each),
    )
    yield histogram(
        "unisono_turn_wait_seconds",
        "How long large work on the event loop waited for a turn, where it had to.",
        (),
        (((), node.turn_wait_seconds),),
    )


def sweeps(node: NodeMetrics) -> Iterator[Metric]:
    """Yield the metrics of what is done in the background."""
    sweeper = node.sweeper
    yield gauge(
        "unisono_sweep_lag_seconds",
        "For how long something is due that the sweeper has not done.",
        (),
        (((), sweeper.lag),),
    )
    last = () if sweeper.swept_at is None else (((), sweeper.swept_at / 1000),)
    yield gauge("unisono_last_sweep_timestamp_seconds", "When the last whole sweep ended.", (), last)
    yield counter(
        "unisono_due_processed", "Notifications that expired or woke.", (), (((), sweeper.processed),)
    )
    yield counter("unisono_purged_rows", "Rows that retention deleted.", (), (((), sweeper.purged),))
    yield gauge(
        "unisono_feeds_erasing",
        "Feeds that were deleted and are not erased from the disk yet.",
        (),
        (((), node.erasing()),),
    )
    yield gauge(
        "unisono_store_away",
        "Whether the store cannot be used, as the health service tells.",
        (),
        (((), float(node.store_is_away())),),
    )


def store(metrics: StoreMetrics, survey: Survey) -> Iterator[Metric]:
    """Yield the metrics of the store; what is not known yet has no value."""
    sizes, counts = survey.sizes, survey.counts
    files = {} if sizes is None else {"database": sizes.database, "log": sizes.log}
    yield gauge("unisono_store_bytes", "Bytes of the files of the store.", ("file",), by_name(files))
    yield gauge(
        "unisono_store_free_bytes",
        "Bytes that the disk of the store has left for the server.",
        (),
        () if sizes is None else (((), sizes.free),),
    )
    yield gauge("unisono_feeds", "Feeds.", (), () if counts is None else (((), counts.feeds),))
    yield gauge("unisono_endpoints", "Endpoints.", (), () if counts is None else (((), counts.endpoints),))
    states = {} if counts is None else {"live": counts.live, "removed": counts.removed}
    yield gauge(
        "unisono_notifications", "Notifications, by whether they are live.", ("state",), by_name(states)
    )
    yield histogram("unisono_store_read_seconds", "How long reads took.", (), (((), metrics.read_seconds),))
    yield histogram(
        "unisono_store_read_wait_seconds",
        "How long reads waited for a turn, where they had to.",
        (),
        (((), metrics.read_wait_seconds),),
    )
    yield counter(
        "unisono_store_failures",
        "Reads and writes that failed.",
        ("reason",),
        by_name({reason.value: count for reason, count in metrics.failures.items()}),
    )
