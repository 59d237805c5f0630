"""The use case DeleteNotifications: withdraws several or all notifications, or those in a given state."""

from unisono.server.core.decide.commands import Actor, DeleteMany, Ref, StateFilter
from unisono.server.core.decide.results import DeleteStep
from unisono.server.core.stepping import Selector, Stepping
from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class DeleteManyRequest:
    """A request to delete notifications; see `decide.commands.DeleteMany` for `up_to_revision`."""

    actor: Actor
    selector: Selector
    where: StateFilter
    up_to_revision: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class DeleteManyResult:
    """The result of all steps together (proto message DeleteNotificationsResponse).

    `last_revision` and `unread_count` are as in `MarkResult`.
    """

    removed: int
    already_removed: int
    skipped: int
    not_found: tuple[Ref, ...]
    last_revision: int
    unread_count: int


class Deleting:
    """Withdraws notifications from every device, many at once."""

    def __init__(self, stepping: Stepping) -> None:
        self._stepping = stepping

    async def delete_many(self, request: DeleteManyRequest) -> DeleteManyResult:
        """Remove the notifications that the selector names and `where` lets pass, in one commit or several.

        Raises as `Stepping.run`, `NotFound` also when no reference names anything live or a tombstone.
        """
        command = DeleteMany(actor=request.actor, where=request.where, up_to_revision=request.up_to_revision)
        deleted = await self._stepping.run(command, request.selector, DeleteStep)
        return DeleteManyResult(
            removed=deleted.step.removed,
            already_removed=deleted.step.already_removed,
            skipped=deleted.step.skipped,
            not_found=deleted.step.not_found,
            last_revision=deleted.step.feed.revision,
            unread_count=deleted.unread_count,
        )
