"""Drained: a server that stops on SIGTERM tells every device that reads when to come back."""

from collections.abc import Iterator

from unisono.v1 import feed_service_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.history import OK, History, Stream

#: How long it may take from SIGTERM until a stream has been told, in seconds.
_GRACE = 60.0


def drained(history: History) -> Iterator[BrokenPromise]:
    """Each stream that was open at a SIGTERM, and ended by it, ended with a Goodbye that says when."""
    stops = [annotation for annotation in history.annotations if annotation.name in ("SIGTERM", "SIGKILL")]
    for index, stop in enumerate(stops):
        next_stop = stops[index + 1].time if index + 1 < len(stops) else stop.time + _GRACE
        if stop.name != "SIGTERM":
            continue
        for stream in history.streams:
            if not is_open(stream, stop.time) or not _ended_between(stream, stop.time, next_stop):
                continue
            last = stream.messages[-1].message
            if not _is_announced(last) and stream.code not in ("", OK):
                said = f"it ended with {stream.code}, after {last.WhichOneof('message')}"
                evidence = (f"SIGTERM came at {stop.time:.3f}", f"{stream.name}: {said}")
                yield BrokenPromise(promise="Drained", time=stream.ended or stop.time, evidence=evidence)


def _is_announced(last: pb.SubscribeResponse) -> bool:
    """Whether these last words say when to come back, or that the stream ends for a reason of its own."""
    goodbye = last.goodbye
    if goodbye.reason == pb.GOODBYE_REASON_DRAINING:
        return goodbye.HasField("retry_delay")
    return last.HasField("goodbye")


def is_open(stream: Stream, time: float) -> bool:
    """Whether it had been let in by then."""
    return any(received.message.HasField("welcome") and received.time < time for received in stream.messages)


def _ended_between(stream: Stream, begin: float, end: float) -> bool:
    return stream.ended is not None and begin < stream.ended < end
