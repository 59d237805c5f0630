"""Why a stream ends with what the store says of its endpoint, and when a device should come back.

Knows no streams: pure functions.
"""

import random

from unisono.server.core.stream_messages import GoodbyeReason
from unisono.server.model import Endpoint
from unisono.server.store.reads import Standing


def lost_endpoint(
    standing: Standing | None,
    endpoint: Endpoint | None,
    unsaved: str,
    feed_epoch: bytes,
    registrations: int,
    session_id: str,
) -> GoodbyeReason | None:
    """Return why a session has to end: feed or endpoint are gone, or that has a newer session.

    `standing` and `endpoint` are what the store has; None: nothing. `unsaved` is the newest session of the
    endpoint, which is not in the store yet, or "". The rest is what the session began with.
    """
    owner = unsaved or (endpoint.session_id if endpoint is not None else None)
    if standing is None or standing.epoch != feed_epoch:
        return GoodbyeReason.FEED_DELETED
    if owner is None or (endpoint is not None and _is_gone(endpoint, registrations)):
        return GoodbyeReason.ENDPOINT_DELETED
    return GoodbyeReason.SUPERSEDED if owner != session_id else None


def retry_delay(reason: GoodbyeReason, drain_delay: float | None) -> float | None:
    """Return in how many seconds a device should come back; None: a GOODBYE for this reason does not say."""
    match reason:
        case GoodbyeReason.DRAINING:
            return drain_delay
        case GoodbyeReason.SESSION_AGE | GoodbyeReason.FEED_DELETED:
            return random.uniform(0, 1)  # noqa: S311
        case GoodbyeReason.RESYNC:
            return 0.0
        case _:
            return None


def _is_gone(endpoint: Endpoint, registrations: int) -> bool:
    return endpoint.delete_time is not None or endpoint.registrations != registrations
