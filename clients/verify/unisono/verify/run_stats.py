"""Computes statistics of a history: how much happened, and how quickly."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Final, Self

from unisono.verify.history import History
from unisono.verify.sends import sends_of

#: The latencies that are reported, as shares of all arrivals: median and 99th percentile.
_SHARES: Final = (0.5, 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStats:
    """Counts and times of one run, or of several together; times are in seconds.

    longest_recovery: from a server that serves again until all devices are live, by the annotations
    SERVING and LIVE; 0 without these.
    longest_reconnect: from the end of a stream that its device did not end until the device is live again.
    latencies: from the beginning of each send to its arrival on each device, ascending. Sends that were
    repeated are left out.
    """

    sends_acknowledged: int = 0
    calls_answered: int = 0
    answers_lost: int = 0
    events_received: int = 0
    kills: int = 0
    stops: int = 0
    pauses: int = 0
    streams: int = 0
    cuts: int = 0
    resumes: int = 0
    longest_recovery: float = 0.0
    longest_reconnect: float = 0.0
    latencies: tuple[float, ...] = ()

    @classmethod
    def of(cls, history: History) -> Self:
        """Compute the statistics of one history."""
        annotations = [annotation.name for annotation in history.annotations]
        received = [received.message for stream in history.streams for received in stream.messages]
        return cls(
            sends_acknowledged=sum(1 for _ in sends_of(history)),
            calls_answered=sum(call.good for call in history.calls),
            answers_lost=annotations.count("LOST"),
            events_received=sum(len(message.event_batch.events) for message in received),
            kills=annotations.count("SIGKILL"),
            stops=annotations.count("SIGTERM"),
            pauses=annotations.count("SIGSTOP"),
            streams=len(history.streams),
            cuts=annotations.count("CUT"),
            resumes=sum(message.welcome.resumed for message in received),
            longest_recovery=max(_recoveries(history), default=0.0),
            longest_reconnect=max(_reconnects(history), default=0.0),
            latencies=tuple(sorted(_latencies(history))),
        )

    def __add__(self, other: Self) -> "RunStats":
        """Return the statistics of both runs together: sums, all latencies, and the longer longest times."""
        sums = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        longest = {
            name: max(getattr(self, name), getattr(other, name))
            for name in ("longest_recovery", "longest_reconnect")
        }
        return RunStats(**{**sums, **longest, "latencies": tuple(sorted(sums["latencies"]))})

    def latency(self, share: float) -> float:
        """Return the latency in seconds that this share of the arrivals (0 to 1) did not exceed.

        0 when nothing arrived.
        """
        return self.latencies[int(share * (len(self.latencies) - 1))] if self.latencies else 0.0

    def to_json(self) -> dict[str, int | float]:
        """Return the statistics by name: the fields, and instead of all latencies p50 and p99."""
        values = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "latencies"
        }
        return {**values, **{f"latency_p{share * 100:g}": self.latency(share) for share in _SHARES}}

    def lines(self) -> Iterator[str]:
        """Yield a line for people for each statistic that is not 0."""
        for name, value in self.to_json().items():
            if value:
                shown = f"{value:.3f} s" if isinstance(value, float) else f"{value:,}"
                yield f"{name.replace('_', ' '):<20} {shown:>12}"


def _recoveries(history: History) -> Iterator[float]:
    """Yield the seconds from each SERVING that is followed by LIVE until that."""
    told = [annotation for annotation in history.annotations if annotation.name in ("SERVING", "LIVE")]
    for before, after in pairwise(told):
        if (before.name, after.name) == ("SERVING", "LIVE"):
            yield after.time - before.time


def _reconnects(history: History) -> Iterator[float]:
    """Yield the seconds from the end of each stream that its device did not end until it is live again."""
    lost: dict[tuple[str, str, str], float] = {}
    for stream in sorted(history.streams, key=lambda stream: stream.began):
        device = (stream.principal.app_id, stream.principal.user_id, stream.request.endpoint_id)
        live = next(
            (received.time for received in stream.messages if received.message.HasField("synced")), None
        )
        if live is not None and device in lost:
            yield live - lost.pop(device)
        if stream.ended is not None and stream.code:
            lost.setdefault(device, stream.ended)


def _latencies(history: History) -> Iterator[float]:
    """Yield the seconds from each send that was not deduplicated to each event of just its revision."""
    sent = {
        (sent.result.id, sent.result.revision): sent.call.began
        for sent in sends_of(history)
        if not sent.result.deduplicated
    }
    for stream in history.streams:
        for received in stream.messages:
            for event in received.message.event_batch.events:
                began = sent.get((event.notification_id, event.revision))
                if began is not None:
                    yield received.time - began
