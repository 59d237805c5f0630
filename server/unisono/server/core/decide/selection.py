"""Finds the rows of a command about many notifications: what it names, or one step of what its scan finds."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from unisono.server.core.decide.commands import Ref, Selecting
from unisono.server.core.decide.ledger import Ledger
from unisono.server.model import Notification
from unisono.server.store.commit import Scan, Scanned


def named(ledger: Ledger, command: Selecting) -> Mapping[Ref, Notification | None]:
    """Return the row, live or not, that each reference means; None where there is none."""
    return {ref: ledger.resolve(ref, command.actor.role) for ref in command.refs}


def distinct(rows: Iterable[Notification]) -> list[Notification]:
    """Return the rows, each once, however many references mean it."""
    return list({row.id: row for row in rows}.values())


def step(ledger: Ledger, scan: Scan, scanned: Scanned) -> tuple[list[Notification], int | None]:
    """Return the live rows of one step of a scan, as they are now, and where the next step begins.

    Commands before this one in the batch may have created, moved or removed rows since the scan. What they
    created comes after everything that was there.
    """
    created: Sequence[Notification] = ()
    resume_after = scanned.resume_after
    if resume_after is None:
        created = ledger.created(scan.after, scan.limit)
        resume_after = created[-1].create_revision if len(created) == scan.limit else None
    until = scan.until if resume_after is None else min(scan.until, resume_after)
    moved = () if scan.group_name is None else ledger.moved_into(scan.group_name)
    ids = dict.fromkeys(chain(scanned.ids, moved, (row.id for row in created)))
    rows = [row for row in map(ledger.row, ids) if row is not None and _scanned(row, scan, until)]
    rows.sort(key=lambda row: row.create_revision)
    if len(rows) > scan.limit:
        resume_after = rows[scan.limit - 1].create_revision
    return rows[: scan.limit], resume_after


def _scanned(row: Notification, scan: Scan, until: int) -> bool:
    return (
        row.live
        and scan.after < row.create_revision <= until
        and scan.group_name in (None, row.group_name)
        and (scan.audience is None or row.target.includes(scan.audience))
    )
