"""Idempotent: what is sent again under the same `app_notification_id` is there once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.feeds import feed_of
from unisono.verify.full_lists import listed, listings_of
from unisono.verify.history import History
from unisono.verify.replay import DeviceReplay, Key, key_of


def once(history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each key that two notifications of a full list have, created by one sender role."""
    for listing in listings_of(history):
        who = f"the list of {feed_of(listing).user_id} from {listing.began:.3f}"
        named: dict[Key, list[str]] = defaultdict(list)
        for row in listed(listing).values():
            if row.app_notification_id:
                named[key_of(row)].append(row.id)
        for (key, _), ids in named.items():
            if len(ids) > 1:
                yield _broken(listing.began, who, ids, key)


def once_held(replay: DeviceReplay) -> Iterator[BrokenPromise]:
    """Yield a case for each notification that shares its key with another one held at a complete point."""
    for step in replay.steps():
        state = step.state
        if not step.message.complete:
            continue
        for id_ in sorted(state.changed_ids & state.rows.keys()):
            twins = sorted(state.ids_by_key.get(key_of(state.rows[id_]), ()))
            if len(twins) > 1:
                key = state.rows[id_].app_notification_id
                yield _broken(step.received.time, step.stream.name, twins, key)


def _broken(time: float, who: str, ids: Sequence[str], key: str) -> BrokenPromise:
    said = f"{who} has {' and '.join(ids)}"
    return BrokenPromise(promise="Idempotent", time=time, evidence=(said, f"all have the key {key!r}"))
