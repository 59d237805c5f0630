"""Checks that several commands share."""

from unisono.server.errors import Aborted, NotFound, Reason
from unisono.server.model import Notification


def not_found() -> NotFound:
    """One error for what never was, what is gone and what is someone else's: nobody can tell."""
    return NotFound(
        Reason.NOTIFICATION_NOT_FOUND, "there is no such notification in this feed, or it is gone"
    )


def check_revision(row: Notification, expected: int | None) -> None:
    """Compare-and-set: raises Aborted when the row is not at the expected revision."""
    if expected is not None and row.revision != expected:
        raise Aborted(
            Reason.REVISION_MISMATCH,
            f"the notification is at revision {row.revision}, not at {expected}; read it again",
            {"revision": str(row.revision)},
        )
