"""The results of commands."""

from unisono.server.core.decide.commands import Ref
from unisono.server.model import Feed, Notification
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class SendResult:
    """The stored notification. `deduplicated`: an earlier send stored it, and this one changed nothing."""

    notification: Notification
    deduplicated: bool = False


@value(frozen=True, slots=True, kw_only=True)
class UpdateResult:
    """The notification after the update, with its payload."""

    notification: Notification


@value(frozen=True, slots=True, kw_only=True)
class MarkStep:
    """The result of one step of a mark, and the feed after it.

    `skipped` counts what was left alone because of `up_to_revision`, or because it expires before
    `snooze_until`; `not_found` are the references that name nothing live. `resume_after` is the
    create_revision up to which a scan came, None when nothing is left to scan.
    """

    changed: int
    skipped: int
    feed: Feed
    not_found: tuple[Ref, ...] = ()
    resume_after: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class DeleteResult:
    """The revision of the removal. `already_removed` says that it was removed before, or had expired."""

    revision: int
    already_removed: bool = False


@value(frozen=True, slots=True, kw_only=True)
class DueProcessed:
    """Whether something was due, and was done."""

    changed: bool


Result = SendResult | UpdateResult | MarkStep | DeleteResult | DueProcessed
