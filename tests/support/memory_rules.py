"""The rules of `store.base` for single rows and endpoints, as pure functions for the store in memory."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from unisono.server.model import Endpoint, Notification
from unisono.server.store.reads import EndpointActivity, ListFilter, PurgeBounds


def paged(rows: Sequence[Notification], limit: int, max_bytes: int) -> Sequence[Notification]:
    """Return the first rows, as many as `limit` and `max_bytes` of payload allow, but at least one."""
    sizes = accumulate(len(row.payload or b"") for row in rows)
    fitting = sum(size <= max_bytes for size in sizes)
    return rows[: min(limit, max(fitting, 1))]


def examined(
    rows: Sequence[Notification], where: ListFilter, max_examined: int
) -> tuple[Sequence[Notification], int | None]:
    """Return the rows that a page may examine, and the create_revision of the last; None if these are all."""
    if not where.is_narrowed or len(rows) < max_examined:
        return rows, None
    return rows[:max_examined], rows[max_examined - 1].create_revision


def passes(row: Notification, where: ListFilter) -> bool:
    """Return whether a list with this filter shows the row."""
    return (
        where.read_state in (None, row.read_state)
        and where.user_action_state in (None, row.user_action_state)
        and where.group_name in (None, row.group_name)
        and where.category in (None, row.category)
        and (where.start_time is None or row.create_time >= where.start_time)
        and (where.end_time is None or row.create_time < where.end_time)
        and (where.audience is None or row.target.includes(where.audience))
    )


def changed_until(rows: Sequence[Notification], after: int, each: int) -> int | None:
    """Return the revision of the last row that a page of changes may examine; None where it may all.

    Of the live rows created since, and of those changed since their creation, it examines `each`.
    """
    created = sorted(row.create_revision for row in rows if row.live and row.create_revision > after)
    changed = sorted(row.revision for row in rows if row.revision > max(after, row.create_revision))
    return min((found[each - 1] for found in (created, changed) if len(found) >= each), default=None)


def with_activity(endpoint: Endpoint, sign: EndpointActivity, *, epoch: bytes) -> Endpoint:
    """Return the endpoint of a feed with this epoch after an activity was recorded."""
    ended = bool(sign.ended_session) and endpoint.session_id == sign.ended_session
    same = sign.registrations == endpoint.registrations and sign.feed_epoch in (b"", epoch)
    news = sign.acknowledged_revision if same else 0
    return replace(
        endpoint,
        last_seen_time=max(endpoint.last_seen_time, sign.time),
        acknowledged_revision=max(endpoint.acknowledged_revision, news),
        session_id="" if ended else endpoint.session_id,
    )


def is_purged(endpoint: Endpoint, what: PurgeBounds) -> bool:
    """Return whether the endpoint is old enough to be purged."""
    if endpoint.delete_time is not None:
        return endpoint.delete_time < what.deletions_before
    unseen = endpoint.last_seen_time < what.endpoints_before
    left = endpoint.ephemeral and endpoint.last_seen_time < what.ephemeral_before
    return not endpoint.session_id and (unseen or left)
