"""Ordered and Unique: revisions on a stream strictly increase, and none comes twice, nor after a resume."""

from collections.abc import Iterator

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.replay import DeviceReplay


def ordered(replay: DeviceReplay) -> Iterator[BrokenPromise]:
    """Events of a stream in the order of their revisions, and positions that never go back."""
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
    """No revision twice on a stream, nor at or before the position that it resumed from."""
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
