"""Normalizes answers of stores, so that those with the same meaning are equal."""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from unisono.server.errors import UnisonoError
from unisono.server.model import Endpoint, Notification
from unisono.server.store.base import BatchRejected
from unisono.server.store.commit import Decision, EndpointDecision, EndpointView, View
from unisono.server.store.reads import Changes, ChangesPage, HistoryPage

R = TypeVar("R")


async def outcome(work: Awaitable[R]) -> R | type[Exception]:
    """Return the result of some work, or the type of an error that `store.base` has without faults."""
    try:
        return await work
    except BatchRejected:
        return BatchRejected
    except LookupError:
        return LookupError


def normalized(answer: object) -> object:
    """Return a comparable form of an answer, without order where `store.base` promises none."""
    match answer:
        case View():
            rows = {key: by_revision(found) for key, found in answer.rows.items() if found}
            return dict(answer.feeds), rows, dict(answer.scans)
        case EndpointView():
            return dict(answer.feeds), {k: by_name(found) for k, found in answer.endpoints.items() if found}
        case Decision():
            feeds = {feed.key: feed for feed in answer.feeds}
            return plain_outcomes(answer.outcomes), feeds, by_revision(answer.rows), dict(answer.changes)
        case EndpointDecision():
            return plain_outcomes(answer.outcomes), by_name(answer.endpoints), by_name(answer.removed)
        case Changes():
            return answer.feed, list(answer.rows), answer.complete
        case ChangesPage():
            return answer.standing, answer.floor, list(answer.rows), answer.resume_after
        case HistoryPage():
            return answer.standing, list(answer.rows), answer.resume_before
        case _:
            return answer


def plain_outcomes(outcomes: Sequence[object]) -> list[object]:
    """Return outcomes with errors replaced by type, reason and message."""
    return [(type(o), o.reason, o.message) if isinstance(o, UnisonoError) else o for o in outcomes]


def by_revision(rows: Sequence[Notification]) -> list[Notification]:
    return sorted(rows, key=lambda row: (row.feed, row.revision))


def by_name(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    return sorted(endpoints, key=lambda endpoint: (endpoint.feed, endpoint.endpoint_id))
