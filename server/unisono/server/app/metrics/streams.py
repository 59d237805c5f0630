"""The metrics of the streams of devices."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from unisono.server.app.metrics.families import by_name, counter, gauge, histogram
from unisono.server.core.stream_metrics import StreamMetrics
from unisono.server.model import Platform


def families(streams: StreamMetrics, transport: str) -> Iterator[Metric]:
    """Yield the metrics of streams; those of each platform on `transport` are there also before the first."""
    there = {**{(int(platform), transport): 0 for platform in Platform}, **streams.open}
    yield gauge(
        "unisono_open_streams",
        "Streams of devices that are open.",
        ("platform", "transport"),
        (((Platform(platform).name.lower(), name), count) for (platform, name), count in there.items()),
    )
    yield counter(
        "unisono_streams_opened",
        "Streams that were opened, by where they start.",
        ("start",),
        by_name(streams.opened),
    )
    yield counter(
        "unisono_streams_ended",
        "Streams that have ended, by the reason of their Goodbye or why they have none.",
        ("reason",),
        by_name(streams.ended),
    )
    yield histogram(
        "unisono_delivery_seconds",
        "From the commit of a change until it was written to a stream.",
        (),
        (((), streams.delivery_seconds),),
    )
    yield counter(
        "unisono_stream_reads",
        "How often a stream got what follows its position, by where from.",
        ("source",),
        by_name(streams.reads),
    )
    yield counter(
        "unisono_catch_up_rows", "Rows that were read to catch up.", (), (((), streams.catch_up_rows),)
    )
    yield counter("unisono_hints", "Hints that something changed in a feed.", (), (((), streams.hints),))
