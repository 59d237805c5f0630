"""What a rename of the users of an app does: the values that the command and the adapters exchange."""

from collections.abc import Sequence
from typing import NamedTuple

from unisono.server.model.value import value


class Rename(NamedTuple):
    """A rename of all users of an app: each id gets the prefix, but those that begin with it already."""

    app_id: str
    prefix: str


class UserIds(NamedTuple):
    """Some users of an app: how many, and the ids of the first few."""

    total: int = 0
    first: Sequence[str] = ()


@value(frozen=True, slots=True, kw_only=True)
class RenamePlan:
    """What a rename does to whom.

    `users` get new ids; those of `too_long` would be longer than allowed. `prefixed` begin with the prefix
    already, and stay as they are; `taken` are those of them that somebody would get. When a rename is
    `under_way`, because it was cut off, only `users` are looked for, who wait for their new ids.
    """

    users: UserIds
    prefixed: UserIds = UserIds()
    too_long: UserIds = UserIds()
    taken: UserIds = UserIds()
    under_way: bool = False

    def possible(self, *, keep_prefixed: bool) -> bool:
        """Whether nothing speaks against it; `keep_prefixed`: that ids have the prefix already does not."""
        return not (self.too_long.total or self.taken.total or (self.prefixed.total and not keep_prefixed))
