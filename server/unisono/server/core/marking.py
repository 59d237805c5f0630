"""The use case MarkNotifications: a new state for one, several or all notifications."""

from unisono.server.core.decide.commands import Actor, Mark, Ref, StatePatch
from unisono.server.core.decide.results import MarkStep
from unisono.server.core.stepping import Selector, Stepping
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class MarkRequest:
    """A request to mark notifications; see `decide.commands.Mark` for the two revisions."""

    actor: Actor
    selector: Selector
    patch: StatePatch
    up_to_revision: int | None = None
    expected_revision: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class MarkResult:
    """The result of all steps together (proto message MarkNotificationsResponse).

    `last_revision` and `unread_count` are those after the last step; `unread_count` is that of the endpoint
    that marks, or of the feed for a publisher.
    """

    changed: int
    skipped: int
    not_found: tuple[Ref, ...]
    last_revision: int
    unread_count: int


class Marking:
    """Marks notifications."""

    def __init__(self, stepping: Stepping) -> None:
        self._stepping = stepping

    async def mark(self, request: MarkRequest) -> MarkResult:
        """Change the state of the notifications that the selector names, in one commit or several.

        Raises as `Stepping.run`, `NotFound` also when no reference names anything live; for a single
        reference `Aborted` (REVISION_MISMATCH), and `InvalidRequest` when the notification expires before
        `snooze_until`.
        """
        command = Mark(
            actor=request.actor,
            patch=request.patch,
            up_to_revision=request.up_to_revision,
            expected_revision=request.expected_revision,
        )
        marked = await self._stepping.run(command, request.selector, MarkStep)
        return MarkResult(
            changed=marked.step.changed,
            skipped=marked.step.skipped,
            not_found=marked.step.not_found,
            last_revision=marked.step.feed.revision,
            unread_count=marked.unread_count,
        )
