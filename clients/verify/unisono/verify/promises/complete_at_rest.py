"""Complete, of devices that are left alone: they reach the last revision of their feed."""

from collections.abc import Iterator

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import Feed
from unisono.verify.history import History
from unisono.verify.replay import DeviceReplay

#: The annotation that nothing disturbed the service from its value `since` (seconds since 1970) to its time.
SETTLED = "SETTLED"

#: Reasons of ends after which a device does not come back, or not with the token that it has.
_OVER = ("ENDPOINT_DELETED", "SUPERSEDED", "TOKEN_EXPIRED", "FEED_BARRED")


def settled(replay: DeviceReplay, feed: Feed, history: History) -> Iterator[BrokenPromise]:
    """Yield a case where a device did not catch up although it was left alone.

    At each annotation `SETTLED`, a device that is connected, or means to be, has to be complete at the
    revision that its feed had reached at `since`. Devices that ended their stream themselves are not judged.
    """
    for annotation in history.annotations:
        if annotation.name != SETTLED or not _is_there(replay, annotation.time):
            continue
        wanted, got = feed.revision_before(annotation.values["since"]), replay.complete_at(annotation.time)
        if got < wanted:
            began = replay.streams[-1].name
            evidence = (
                f"{began} is complete at {got}, and its feed had reached {wanted}",
                f"that was {annotation.time - annotation.values['since']:.1f} s before",
            )
            yield BrokenPromise(promise="Complete", time=annotation.time, evidence=evidence)


def _is_there(replay: DeviceReplay, time: float) -> bool:
    """Return whether the device is connected at this time, or means to be."""
    begun = [stream for stream in replay.streams if stream.began < time]
    if not begun:
        return False
    last = begun[-1]
    return last.ended is None or last.ended > time or bool(last.code and last.reason not in _OVER)
