"""The results of commands."""

from dataclasses import replace
from typing import Self

from unisono.server.core.decide.commands import Ref
from unisono.server.model import Feed, Notification
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class SendResult:
    """The stored notification. `deduplicated`: an earlier send stored it, and this one changed nothing.

    `displaced` has the ids of settled notifications that gave way to it, oldest first.
    `endpoints` is the number of endpoints that the user has, None where it is not known.
    """

    notification: Notification
    deduplicated: bool = False
    displaced: tuple[str, ...] = ()
    endpoints: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class UpdateResult:
    """The notification after the update, with its payload."""

    notification: Notification


@value(frozen=True, slots=True, kw_only=True)
class MarkStep:
    """The result of one step of a mark, or of several, and the feed after the last.

    `skipped` counts what was left alone because of `up_to_revision`, or because it expires before
    `snooze_until`; `not_found` are the references that name nothing live. `resume_after` is the
    create_revision up to which a scan came, None when nothing is left to scan.
    """

    changed: int
    skipped: int
    feed: Feed
    not_found: tuple[Ref, ...] = ()
    resume_after: int | None = None

    def then(self, step: Self) -> Self:
        """Return the result of this and of the step after it."""
        return replace(
            step,
            changed=self.changed + step.changed,
            skipped=self.skipped + step.skipped,
            not_found=self.not_found + step.not_found,
        )


@value(frozen=True, slots=True, kw_only=True)
class DeleteStep:
    """The result of one step of a deletion of many, or of several, and the feed after the last.

    `skipped` counts what was left alone because of `up_to_revision`; `not_found` are the references that
    name neither what is live nor a tombstone. `removed_ids` and `gone_ids` are the ids of what references
    name: what was removed now, and what is a tombstone, which a step before may have made. `resume_after` is
    as in `MarkStep`.
    """

    removed: int
    skipped: int
    feed: Feed
    removed_ids: frozenset[str] = frozenset()
    gone_ids: frozenset[str] = frozenset()
    not_found: tuple[Ref, ...] = ()
    resume_after: int | None = None

    @property
    def already_removed(self) -> int:
        """The number of notifications that references name, and that were gone before the first step."""
        return len(self.gone_ids - self.removed_ids)

    def then(self, step: Self) -> Self:
        """Return the result of this and of the step after it."""
        return replace(
            step,
            removed=self.removed + step.removed,
            skipped=self.skipped + step.skipped,
            removed_ids=self.removed_ids | step.removed_ids,
            gone_ids=self.gone_ids | step.gone_ids,
            not_found=self.not_found + step.not_found,
        )


@value(frozen=True, slots=True, kw_only=True)
class DeleteResult:
    """The revision of the removal. `already_removed` says that it was removed before, or had expired."""

    revision: int
    already_removed: bool = False


@value(frozen=True, slots=True, kw_only=True)
class DueProcessed:
    """Whether something was due, and was done."""

    changed: bool


Result = SendResult | UpdateResult | MarkStep | DeleteResult | DeleteStep | DueProcessed
