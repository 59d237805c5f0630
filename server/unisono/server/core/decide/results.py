"""What comes of a command."""

from unisono.server.core.decide.commands import Ref
from unisono.server.model import Feed, Notification
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class SendResult:
    """`notification` is the stored one; `deduplicated` when an earlier send stored it."""

    notification: Notification
    deduplicated: bool = False


@value(frozen=True, slots=True, kw_only=True)
class UpdateResult:
    """The notification after the patch, with its payload."""

    notification: Notification


@value(frozen=True, slots=True, kw_only=True)
class MarkStep:
    """The outcome of one step, and the feed after it.

    `resume_after` is the create_revision that a scan got to, or None when nothing is left to scan.
    """

    changed: int
    skipped: int
    feed: Feed
    not_found: tuple[Ref, ...] = ()
    resume_after: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class DeleteResult:
    """The revision at which it was removed; `already` when that was before."""

    revision: int
    already_removed: bool = False


@value(frozen=True, slots=True, kw_only=True)
class DueProcessed:
    """Whether anything was due."""

    changed: bool


Result = SendResult | UpdateResult | MarkStep | DeleteResult | DueProcessed
