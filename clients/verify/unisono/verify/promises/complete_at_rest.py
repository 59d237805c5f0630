"""Complete, of devices that are left alone: they get to where the feed is."""

from collections.abc import Iterator

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import Feed
from unisono.verify.history import History
from unisono.verify.replay import DeviceReplay

#: The annotation that everybody was left in peace from its value `since` on, until its own time.
SETTLED = "SETTLED"

#: Why streams end that their devices do not come back from, or not with the token that they have.
_OVER = ("ENDPOINT_DELETED", "SUPERSEDED", "TOKEN_EXPIRED")


def settled(replay: DeviceReplay, feed: Feed, history: History) -> Iterator[BrokenPromise]:
    """By then, each device that has not left is complete at what the feed had reached."""
    for annotation in history.annotations:
        if annotation.name != SETTLED or not _is_there(replay, annotation.time):
            continue
        wanted, got = feed.reached(annotation.values["since"]), _complete_at(replay, annotation.time)
        if got < wanted:
            began = replay.streams[-1].name
            evidence = (
                f"{began} is complete at {got}, and its feed had reached {wanted}",
                f"that was {annotation.time - annotation.values['since']:.1f} s before",
            )
            yield BrokenPromise(promise="Complete", time=annotation.time, evidence=evidence)


def _is_there(replay: DeviceReplay, time: float) -> bool:
    """Whether the device means to be connected."""
    begun = [stream for stream in replay.streams if stream.began < time]
    if not begun:
        return False
    last = begun[-1]
    return last.ended is None or last.ended > time or bool(last.code and last.reason not in _OVER)


def _complete_at(replay: DeviceReplay, time: float) -> int:
    """The last complete revision that it was told of by then; -1 without one."""
    told = [
        received.message.revision
        for stream in replay.streams
        for received in stream.messages
        if received.message.complete and received.time <= time
    ]
    return told[-1] if told else -1
