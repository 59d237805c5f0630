"""The counts of a feed by target policy, in rows of their own: a feed without them costs nothing."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from unisono.server.model import Counts
from unisono.server.store.sqlite.sql import json_array

Targets = Mapping[str, Counts]

NONE: Final[Targets] = {}

_READ = """
    SELECT t.feed, t.target, t.live, t.unread
    FROM json_each(?) AS named CROSS JOIN targets AS t ON t.feed = named.value
    """

_WRITE = "REPLACE INTO targets (feed, target, live, unread) VALUES (?, ?, ?, ?)"

_REMOVE = "DELETE FROM targets WHERE feed = ? AND target = ?"


def read_target_counts(connection: sqlite3.Connection, feeds: Iterable[int]) -> Mapping[int, Targets]:
    """Return the counts by target policy of these feeds, by row id; feeds without any are absent."""
    found: dict[int, dict[str, Counts]] = defaultdict(dict)
    for feed_id, target, live, unread in connection.execute(_READ, (json_array(feeds),)):
        found[feed_id][target] = Counts(live, unread)
    return found


def write_target_counts(
    connection: sqlite3.Connection, feeds: Iterable[tuple[int, Targets, Targets]]
) -> None:
    """Write what changed of the counts of feeds: for each its row id, the counts before, and those after."""
    changed: list[tuple[int, str, int, int]] = []
    gone: list[tuple[int, str]] = []
    for feed, before, after in feeds:
        if before is not after and (before or after):
            changed += [(feed, key, *counts) for key, counts in after.items() if before.get(key) != counts]
            gone += [(feed, key) for key in before if key not in after]
    if changed:
        connection.executemany(_WRITE, changed)
    if gone:
        connection.executemany(_REMOVE, gone)
