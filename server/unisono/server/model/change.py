"""One committed change of a feed."""

from unisono.server.model.enums import ChangeType
from unisono.server.model.notification import Notification
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class Change:
    """One committed change: the notification right after it (its revision is the change's).

    `notification.payload` is set at least where the type is CREATED or UPDATED. `origin` is the
    endpoint that made the change, or empty.
    """

    type: ChangeType
    notification: Notification
    origin: str = ""
