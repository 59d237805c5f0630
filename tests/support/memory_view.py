"""What the store in memory shows of its rows, as `ReadSet` says, and of its feeds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tests.support.memory_rules import examined, passes
from unisono.server.model import Feed, FeedKey, Notification
from unisono.server.store.commit import Item, ReadSet, Scan, Scanned, View
from unisono.server.store.reads import Inspected, ListFilter

Rows = dict[str, Notification]


def view_of(items: Sequence[Item], feeds: Mapping[FeedKey, Feed], stored: Mapping[FeedKey, Rows]) -> View:
    """Return the view for a commit of these items, whose feeds these are, of all the rows that are stored."""
    rows: defaultdict[FeedKey, Rows] = defaultdict(dict)
    scans: dict[int, Scanned] = {}
    for index, read_set in enumerate(item.read_set for item in items):
        of_feed = stored.get(read_set.feed, {})
        seen = named_rows(read_set, of_feed)
        if read_set.scan is not None:
            scanned, resume_after = _scanned(of_feed, read_set.scan)
            scans[index] = Scanned(tuple(row.id for row in scanned), resume_after)
            seen = [*seen, *scanned]
        for row in seen:
            if read_set.payload:
                rows[read_set.feed][row.id] = row
            else:
                rows[read_set.feed].setdefault(row.id, replace(row, payload=None))
    # Many sends of one commit are to one feed.
    for feed, now in {(item.read_set.feed, item.read_set.room.now) for item in items if item.read_set.room}:
        for row in _leaving(stored.get(feed, {}), now):
            if row.id not in rows[feed]:
                rows[feed][row.id] = replace(row, payload=None)
    return View(feeds=feeds, rows={key: tuple(found.values()) for key, found in rows.items()}, scans=scans)


def named_rows(read_set: ReadSet, stored: Rows) -> list[Notification]:
    """Return the rows of a feed that a read set names by id, key or send."""
    named = [stored[id_] for id_ in read_set.ids if id_ in stored]
    for key in read_set.keys:
        keyed = _keyed(stored, key)
        gone = sorted((row for row in keyed if not row.live), key=lambda row: row.revision)
        named += [row for row in keyed if row.live]
        named += {row.sender_role: row for row in gone}.values()
    for key, content in read_set.sends:
        keyed = _keyed(stored, key)
        named += [row for row in keyed if row.live or row.fingerprint == content]
    return list({row.id: row for row in named}.values())


def _keyed(stored: Rows, key: str) -> list[Notification]:
    return [row for row in stored.values() if key and row.app_notification_id == key]


def _leaving(stored: Rows, now: int) -> list[Notification]:
    """All that may give way to a send at this time, however little room it takes."""
    return [row for row in stored.values() if row.settled or (row.live and row.expire_time <= now)]


def _scanned(stored: Rows, scan: Scan) -> tuple[list[Notification], int | None]:
    where = ListFilter(group_name=scan.group_name, audience=scan.audience)
    live = [row for row in stored.values() if row.live]
    within = [row for row in live if scan.after < row.create_revision <= scan.until]
    ordered = sorted(within, key=lambda row: row.create_revision)
    seen, end = examined(ordered, where, max(scan.limit, scan.max_examined))
    found = [row for row in seen if passes(row, where)][: scan.limit]
    return found, found[-1].create_revision if len(found) == scan.limit else end


def first_user(feeds: Iterable[FeedKey], app_id: str, at_least: str) -> str | None:
    """Return the first user of an app, in the order of ids, that is not before `at_least`."""
    ids = (key.user_id for key in feeds if key.app_id == app_id and key.user_id >= at_least)
    return min(ids, default=None)


def inspected(what: Inspected, stored: Rows) -> list[Notification]:
    """Return the rows of a feed that are to be inspected, in the order of an inspection."""
    live = sorted((row for row in stored.values() if row.live), key=lambda row: -row.create_revision)
    gone = sorted((row for row in stored.values() if not row.live), key=lambda row: -row.revision)
    if what.ids or what.keys:
        some = ReadSet(feed=FeedKey("", ""), ids=tuple(what.ids), keys=tuple(what.keys))
        named = {row.id for row in named_rows(some, stored)}
        return [row for row in (*live, *gone) if row.id in named]
    page = [row for row in live if what.before is None or row.create_revision < what.before][: what.limit]
    return page if what.before is not None else [*page, *gone[: what.limit]]
