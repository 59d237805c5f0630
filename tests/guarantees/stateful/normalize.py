"""Forms of what stores answer that are equal when the answers say the same. Knows no store."""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from unisono.server.errors import UnisonoError
from unisono.server.model import Endpoint, Notification
from unisono.server.store.base import BatchRejected
from unisono.server.store.commit import Decision, EndpointDecision, EndpointView, View
from unisono.server.store.reads import Changes, HistoryPage

R = TypeVar("R")


async def outcome(work: Awaitable[R]) -> R | type[Exception]:
    """What comes of it: a result, or one of the errors that the contract foresees in healthy times."""
    try:
        return await work
    except BatchRejected:
        return BatchRejected
    except LookupError:
        return LookupError


def normalized(answer: object) -> object:
    """The same for the same, whatever the order where the contract promises none."""
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
        case HistoryPage():
            return answer.standing, list(answer.rows), answer.resume_before
        case _:
            return answer


def plain_outcomes(outcomes: Sequence[object]) -> list[object]:
    """Errors by what they say."""
    return [(type(o), o.reason, o.message) if isinstance(o, UnisonoError) else o for o in outcomes]


def by_revision(rows: Sequence[Notification]) -> list[Notification]:
    return sorted(rows, key=lambda row: (row.feed, row.revision))


def by_name(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    return sorted(endpoints, key=lambda endpoint: (endpoint.feed, endpoint.endpoint_id))
