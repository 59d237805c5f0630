"""The figures of a server as lines for a person."""

from collections.abc import Iterator, Sequence
from typing import Final

from unisono.server.app.words import count, moment, size, span, table
from unisono.v1 import admin_service_pb2 as pb

_HEAD: Final = ("METHOD", "STARTED", "OPEN", "OK", "OTHERS")


def lines(stats: pb.GetStatsResponse) -> Iterator[str]:
    """Yield the lines. A number that was not counted to its end is "more than" that."""
    began, now = stats.start_time.ToMilliseconds(), stats.time.ToMilliseconds()
    yield f"unisono-server {stats.version}, up for {span(now - began)}, since {moment(began)}"
    yield ""
    yield from table(_figures(stats))
    yield ""
    yield from table([_HEAD, *map(_method, sorted(stats.methods, key=lambda one: one.method))])


def _figures(stats: pb.GetStatsResponse) -> Iterator[Sequence[str]]:
    store = stats.store
    yield (
        "store",
        f"schema {store.schema_version}, {size(store.bytes)}, of which {size(store.free_bytes)} free",
    )
    yield "feeds", _counted(store.feeds)
    yield "endpoints", _counted(store.endpoints)
    yield "notifications", _counted(store.notifications)
    yield "open streams", f"{stats.open_streams:,}"
    for one in stats.commits:
        waiting = f"{one.waiting:,} of {one.capacity:,} wait"
        yield f"commits to {one.name}", f"{one.commits:,} with {count(one.changes, 'change')}; {waiting}"


def _counted(number: pb.Counted) -> str:
    return f"more than {number.count:,}" if number.more else f"{number.count:,}"


def _method(method: pb.MethodStats) -> Sequence[str]:
    ended = {one.code: one.calls for one in method.handled}
    others = ", ".join(f"{code} {calls:,}" for code, calls in sorted(ended.items()) if code != "OK")
    open_calls = method.started - sum(ended.values())
    return method.method, f"{method.started:,}", f"{open_calls:,}", f"{ended.get('OK', 0):,}", others
