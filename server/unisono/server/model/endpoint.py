"""An endpoint: one installation of an app on one device of one user."""

from unisono.server.model.enums import Platform
from unisono.server.model.feed import FeedKey
from unisono.server.model.target import Audience
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One installation of an app on one device of one user. Times are milliseconds since 1970.

    `session_id` identifies its open stream and is empty without one. A deleted endpoint has a `delete_time`,
    and is stored for a while so that its id is not used again too soon; with `may_return` it may be, at once.
    `registrations` is how often the id was registered anew, which makes it another device: 0 for the first.
    An `ephemeral` one is forgotten soon after its last stream has ended.
    """

    feed: FeedKey
    endpoint_id: str
    platform: Platform
    display_name: str = ""
    create_time: int
    last_seen_time: int
    acknowledged_revision: int = 0
    session_id: str = ""
    delete_time: int | None = None
    may_return: bool = False
    registrations: int = 0
    ephemeral: bool = False

    @property
    def audience(self) -> Audience:
        """The endpoint as target policies are tested against it."""
        return Audience(self.endpoint_id, self.platform)
