"""The judge: finds the promises that a history shows to be broken, whatever made the history."""

from collections.abc import Iterator

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import feeds_of
from unisono.verify.history import History
from unisono.verify.lives import lives_of
from unisono.verify.promises.bounded import bounded
from unisono.verify.promises.collapsed import collapsed
from unisono.verify.promises.complete_at_rest import settled
from unisono.verify.promises.complete_convergent_exact import complete, convergent, exact
from unisono.verify.promises.complete_polls import polled
from unisono.verify.promises.drained import drained
from unisono.verify.promises.durable import durable
from unisono.verify.promises.durable_actions import first_action_stays
from unisono.verify.promises.durable_deletes import deleted, unasked
from unisono.verify.promises.durable_displacements import displaced
from unisono.verify.promises.durable_erasures import barred, forgotten
from unisono.verify.promises.durable_marks import marked
from unisono.verify.promises.idempotent import known_again, once, once_held
from unisono.verify.promises.isolated import isolated, unknown
from unisono.verify.promises.ordered_unique import ordered, unique
from unisono.verify.promises.resumable import resumable
from unisono.verify.promises.rings import rung, rung_once
from unisono.verify.replay import replays_of

PROMISES = (
    *("Durable", "Ordered", "Unique", "Complete", "Convergent", "Resumable", "Collapsed", "Bounded"),
    *("Isolated", "Drained", "Exact", "Idempotent", "Fair"),
)
"""The names of all promises, in the order of docs/guarantees.md."""


def check(history: History) -> dict[str, BrokenPromise]:
    """Return the first case of each broken promise by its name, in the order of `PROMISES`.

    The first is the earliest; of several at one time, the one with the shortest evidence. An empty result
    means that nothing in the history breaks a promise, also where nothing could: see `count_checks`.
    """
    first: dict[str, BrokenPromise] = {}
    for broken in _all(history):
        known = first.get(broken.promise)
        if known is None or (broken.time, len(broken.evidence)) < (known.time, len(known.evidence)):
            first[broken.promise] = broken
    return {promise: first[promise] for promise in PROMISES if promise in first}


def _all(history: History) -> Iterator[BrokenPromise]:
    yield from unknown(history)
    yield from drained(history)
    yield from bounded(history)
    yield from forgotten(history)
    yield from barred(history)
    yield from rung_once(history)
    for life in lives_of(history):
        yield from _in_life(life)


def _in_life(history: History) -> Iterator[BrokenPromise]:
    feeds = feeds_of(history)
    yield from durable(history, feeds)
    yield from marked(history, feeds)
    yield from first_action_stays(history, feeds)
    yield from polled(history, feeds)
    yield from deleted(history, feeds)
    yield from unasked(history, feeds)
    yield from displaced(history, feeds)
    yield from once(history)
    yield from known_again(history)
    for feed in feeds.values():
        yield from convergent(feed)
    for replay in replays_of(history):
        yield from ordered(replay)
        yield from unique(replay)
        yield from complete(replay, feeds[replay.feed], history)
        yield from exact(replay)
        yield from resumable(replay, history)
        yield from collapsed(replay, feeds[replay.feed])
        yield from rung(replay, feeds[replay.feed], history)
        yield from isolated(replay)
        yield from once_held(replay)
        yield from settled(replay, feeds[replay.feed], history)
