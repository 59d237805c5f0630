"""A committed change of a feed."""

from unisono.server.model.enums import ChangeType
from unisono.server.model.notification import Notification
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class Change:
    """A committed change of a feed, with the notification as it is right after it.

    The change has the revision of `notification`, whose `payload` is set at least where the type is CREATED
    or UPDATED. `origin` is the id of the endpoint that made the change; empty when none did.
    """

    type: ChangeType
    notification: Notification
    origin: str = ""
