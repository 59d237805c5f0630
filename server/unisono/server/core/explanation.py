"""What became of a notification, as facts: what rings, for which endpoints it is meant, and who has it.

Everything follows from what is kept. What does not follow is said to be not known.
"""

from enum import IntEnum

from unisono.server.model import Endpoint, Notification, ReadState, UserActionState
from unisono.server.model.value import value


class Ringing(IntEnum):
    """Whether a device that gets it now rings, or why not; the numbers are the proto's."""

    RINGS = 1
    SILENT = 2
    READ = 3
    DISMISSED = 4
    SNOOZED = 5
    DISPLAY_ENDED = 6
    EXPIRED = 7
    REMOVED = 8


class Reach(IntEnum):
    """Whether it is meant for an endpoint, or why it does not get there; the numbers are the proto's."""

    MEANT = 1
    NOT_TARGETED = 2
    ENDPOINT_DELETED = 3
    REGISTERED_LATER = 4


class Receipt(IntEnum):
    """How far an endpoint has said that it has everything; the numbers are the proto's."""

    ACKNOWLEDGED = 1
    EARLIER_STATE = 2
    NOT_ACKNOWLEDGED = 3
    NOT_KNOWN = 4


@value(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A notification and an endpoint. `receipt` is None where it is not meant for that, or that is gone."""

    endpoint_id: str
    reach: Reach
    receipt: Receipt | None


def ringing(row: Notification, now: int) -> Ringing:
    """Return whether a device rings that gets the last alert of a notification at `now` (ms since 1970)."""
    if not row.live:
        return Ringing.REMOVED
    if row.expire_time <= now:
        return Ringing.EXPIRED
    if row.user_action_state is UserActionState.SNOOZED:
        return Ringing.SNOOZED
    if row.user_action_state is UserActionState.DISMISSED:
        return Ringing.DISMISSED
    if row.read_state is ReadState.READ:
        return Ringing.READ
    if not row.alert_revision:
        return Ringing.SILENT
    return Ringing.RINGS if now < row.rings_until else Ringing.DISPLAY_ENDED


def silent(row: Notification) -> bool | None:
    """Return whether a notification was sent silently; None where what came later hides it."""
    if row.alert_revision == row.create_revision:
        return False
    if not row.alert_revision and row.content_revision == row.create_revision:
        return True
    return None


def delivery(row: Notification, endpoint: Endpoint) -> Delivery:
    """Return what is between a notification and an endpoint of its user."""
    reach = _reach(row, endpoint)
    gets_it = reach in (Reach.MEANT, Reach.REGISTERED_LATER)
    receipt = _receipt(row, endpoint.acknowledged_revision) if gets_it else None
    return Delivery(endpoint_id=endpoint.endpoint_id, reach=reach, receipt=receipt)


def _reach(row: Notification, endpoint: Endpoint) -> Reach:
    if not row.target.includes(endpoint.audience):
        return Reach.NOT_TARGETED
    if endpoint.delete_time is not None:
        return Reach.ENDPOINT_DELETED
    # What is there when a device begins does not ring on it.
    return Reach.REGISTERED_LATER if endpoint.create_time > row.alert_time else Reach.MEANT


def _receipt(row: Notification, acknowledged: int) -> Receipt:
    if not acknowledged:
        return Receipt.NOT_KNOWN
    if acknowledged >= row.revision:
        return Receipt.ACKNOWLEDGED
    return Receipt.EARLIER_STATE if acknowledged >= row.create_revision else Receipt.NOT_ACKNOWLEDGED
