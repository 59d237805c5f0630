"""What a run was worth, in figures. Knows no promise."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Self

from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts; and the longest time in seconds from a server that serves again until all devices are live."""

    sends_acknowledged: int = 0
    calls_answered: int = 0
    events_received: int = 0
    kills: int = 0
    stops: int = 0
    standstills: int = 0
    streams: int = 0
    resumes: int = 0
    longest_recovery: float = 0.0

    @classmethod
    def of(cls, history: History) -> Self:
        """Those of one run."""
        facts = [fact.what for fact in history.facts]
        heard = [heard.message for stream in history.streams for heard in stream.heard]
        return cls(
            sends_acknowledged=sum(_sends(history)),
            calls_answered=sum(call.good for call in history.calls),
            events_received=sum(len(message.event_batch.events) for message in heard),
            kills=facts.count("SIGKILL"),
            stops=facts.count("SIGTERM"),
            standstills=facts.count("SIGSTOP"),
            streams=len(history.streams),
            resumes=sum(message.welcome.resumed for message in heard),
            longest_recovery=max(_recoveries(history), default=0.0),
        )

    def plus(self, other: Self) -> "Figures":
        """Those of both."""
        sums = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        return Figures(**{**sums, "longest_recovery": max(self.longest_recovery, other.longest_recovery)})

    def lines(self) -> Iterator[str]:
        """For people, a line each."""
        for field in fields(self):
            value = getattr(self, field.name)
            shown = f"{value:.2f} s" if isinstance(value, float) else f"{value:,}"
            yield f"{field.name.replace('_', ' '):<20} {shown:>12}"


def _sends(history: History) -> Iterator[int]:
    for call in history.calls:
        if isinstance(call.answer, pb.SendNotificationResponse):
            yield 1
        elif isinstance(call.answer, pb.BatchSendNotificationsResponse):
            yield sum(result.HasField("result") for result in call.answer.results)


def _recoveries(history: History) -> Iterator[float]:
    """Each time from a server that serves again until all devices are live."""
    for before, after in pairwise(history.facts):
        if (before.what, after.what) == ("SERVING", "LIVE"):
            yield after.time - before.time
