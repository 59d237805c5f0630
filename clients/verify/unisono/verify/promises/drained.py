"""Drained: on SIGTERM, a server ends every stream with a Goodbye that says when to come back."""

from collections.abc import Iterator

from unisono.v1 import feed_service_pb2 as pb
from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.history import OK, History, Stream

#: How long after a SIGTERM the end of a stream still counts as caused by it, in seconds.
_GRACE = 60.0


def drained(history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each stream that was open at a SIGTERM and ended with an error, without a Goodbye.

    Ends count until the next SIGTERM or SIGKILL, or for 60 s after the last one. The Goodbye has to have
    `retry_delay` when its reason is DRAINING. A stream that the client ended is not judged.
    """
    stops = [annotation for annotation in history.annotations if annotation.name in ("SIGTERM", "SIGKILL")]
    for index, stop in enumerate(stops):
        next_stop = stops[index + 1].time if index + 1 < len(stops) else stop.time + _GRACE
        if stop.name != "SIGTERM":
            continue
        for stream in history.streams:
            if not was_welcomed(stream, stop.time) or not _ended_between(stream, stop.time, next_stop):
                continue
            last = stream.messages[-1].message
            if not _is_announced(last) and stream.code not in ("", OK):
                said = f"it ended with {stream.code}, after {last.WhichOneof('message')}"
                evidence = (f"SIGTERM came at {stop.time:.3f}", f"{stream.name}: {said}")
                yield BrokenPromise(promise="Drained", time=stream.ended or stop.time, evidence=evidence)


def _is_announced(last: pb.SubscribeResponse) -> bool:
    """Return whether a last message is a Goodbye that says when to come back, or has another reason."""
    goodbye = last.goodbye
    if goodbye.reason == pb.GOODBYE_REASON_DRAINING:
        return goodbye.HasField("retry_delay")
    return last.HasField("goodbye")


def was_welcomed(stream: Stream, time: float) -> bool:
    """Return whether the stream had received its Welcome before `time`, in seconds since 1970.

    Streams that have ended by then count as open, too.
    """
    return any(received.message.HasField("welcome") and received.time < time for received in stream.messages)


def _ended_between(stream: Stream, begin: float, end: float) -> bool:
    return stream.ended is not None and begin < stream.ended < end
