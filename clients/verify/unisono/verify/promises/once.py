"""Idempotent: what is sent again under the same key is there once (section 4 of the contract)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from unisono.verify.broken import Broken
from unisono.verify.feeds import feed_of
from unisono.verify.history import History
from unisono.verify.listings import listed, listings_of
from unisono.verify.lives import Key, Life, key_of


def once(history: History) -> Iterator[Broken]:
    """No list shows two notifications of one key."""
    for listing in listings_of(history):
        who = f"the list of {feed_of(listing).user_id} from {listing.began:.3f}"
        named: dict[Key, list[str]] = defaultdict(list)
        for row in listed(listing).values():
            if row.app_notification_id:
                named[key_of(row)].append(row.id)
        for (key, _), ids in named.items():
            if len(ids) > 1:
                yield _broken(listing.began, who, ids, key)


def once_held(life: Life) -> Iterator[Broken]:
    """No device is told at a complete point to hold two of them."""
    for moment in life.moments():
        holding = moment.holding
        if not moment.message.complete:
            continue
        for id_ in sorted(holding.touched & holding.rows.keys()):
            twins = sorted(holding.named.get(key_of(holding.rows[id_]), ()))
            if len(twins) > 1:
                key = holding.rows[id_].app_notification_id
                yield _broken(moment.heard.time, moment.stream.name, twins, key)


def _broken(time: float, who: str, ids: Sequence[str], key: str) -> Broken:
    said = f"{who} has {' and '.join(ids)}"
    return Broken(promise="Idempotent", time=time, evidence=(said, f"all have the key {key!r}"))
