"""Ordered and Unique: revisions on a stream increase, and none comes twice, nor again after a resume."""

from collections.abc import Iterator

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.replay import DeviceReplay


def ordered(replay: DeviceReplay) -> Iterator[BrokenPromise]:
    """Yield a case for each event with a smaller revision than one before it, and each position going back.

    Both are judged within one stream. Equal revisions are a matter of `unique`.
    """
    for stream in replay.streams:
        last, position = 0, -1
        for received in stream.messages:
            for event in received.message.event_batch.events:
                if event.revision < last:
                    yield _broken(
                        "Ordered", received.time, stream.name, f"{event.revision} came after {last}"
                    )
                last = max(last, event.revision)
            if received.message.revision < position:
                said = f"the position went from {position} back to {received.message.revision}"
                yield _broken("Ordered", received.time, stream.name, said)
            position = received.message.revision


def unique(replay: DeviceReplay) -> Iterator[BrokenPromise]:
    """Yield a case for each revision that comes twice on a stream, or again after resuming from beyond it."""
    reached: dict[bytes, int] = {}
    for stream in replay.streams:
        resumed = any(received.message.welcome.resumed for received in stream.messages[:1])
        passed = reached.get(stream.request.resume_token, 0) if resumed else 0
        seen: set[int] = set()
        for received in stream.messages:
            for event in received.message.event_batch.events:
                if event.revision in seen or event.revision <= passed:
                    said = f"{event.revision} came again"
                    said += f", after resuming from {passed}" if event.revision <= passed else ""
                    yield _broken("Unique", received.time, stream.name, said)
                seen.add(event.revision)
            reached[received.message.resume_token] = received.message.revision


def _broken(promise: str, time: float, *evidence: str) -> BrokenPromise:
    return BrokenPromise(promise=promise, time=time, evidence=evidence)
