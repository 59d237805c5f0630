"""Lists of what changed in a feed since a revision, for those who ask now and then and hold no stream.

Such a list moves through the feed as a device that resumes: it has a position, which its page tokens carry.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from unisono.server.core.position import Position
from unisono.server.errors import FailedPrecondition, Reason
from unisono.server.model.value import value
from unisono.server.store.reads import ChangesPage, EncodedRow

#: Above every revision.
_NEVER: Final = 2**63 - 1


class ChangesCursor(NamedTuple):
    """Where a list of changes goes on: the epochs of store and feed that it is of, and two revisions.

    The pages before have passed `passed`. What was removed up to `base` is not named.
    """

    epochs: bytes
    passed: int
    base: int


@value(frozen=True, slots=True, kw_only=True)
class ChangesResult:
    """A page of what changed, in the order of revisions; `feed_revision` is the feed's in its snapshot.

    `resume_after` is as in `ChangesPage`.
    """

    rows: Sequence[EncodedRow]
    resume_after: int | None
    feed_revision: int
    epochs: bytes
    base: int

    def cursor(self, passed: int) -> ChangesCursor:
        """Return where the list goes on that has passed a revision of this page."""
        return ChangesCursor(self.epochs, passed, self.base)


def bounds(after: int, cursor: ChangesCursor | None) -> tuple[int, int]:
    """Return the revision to read after, and the one up to which removals are not named.

    Who begins with 0 holds nothing, and needs no removal from before.
    """
    if cursor is not None:
        return cursor.passed, cursor.base
    return after, after or _NEVER


def checked(page: ChangesPage, store_epoch: bytes, after: int, cursor: ChangesCursor | None) -> ChangesResult:
    """Return the page of a list that began after the revision `after`, if it lacks nothing.

    Raises `FailedPrecondition` (REVISION_OUT_OF_RANGE) where removals may have been purged that the list
    would name, where the feed has not come to `after`, and where it has another epoch than the cursor.
    """
    feed_epoch, revision = page.standing or (b"", 0)
    epochs = store_epoch + feed_epoch
    passed, base = bounds(after, cursor)
    if base == _NEVER:
        base = revision
    whole = Position(cursor=passed, known=0, base=base).resumable(revision, page.floor)
    if not whole or (cursor is not None and cursor.epochs != epochs):
        raise _out_of_range(after, page.floor, revision)
    return ChangesResult(
        rows=page.rows,
        resume_after=page.resume_after,
        feed_revision=revision,
        epochs=epochs,
        base=base,
    )


def _out_of_range(after: int, floor: int, revision: int) -> FailedPrecondition:
    text = (
        f"changes after revision {after} cannot be listed, only after {floor} to {revision}; "
        "list all anew, with changed_after 0"
    )
    metadata = {"floor": str(floor), "revision": str(revision)}
    return FailedPrecondition(Reason.REVISION_OUT_OF_RANGE, text, metadata)
