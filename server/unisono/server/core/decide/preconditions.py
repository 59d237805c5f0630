"""Checks and errors that several commands share."""

from unisono.server.errors import Aborted, NotFound, Reason
from unisono.server.model import Notification


def not_found() -> NotFound:
    """Return the one error for what never was, what is gone and what is another's (Isolated)."""
    return NotFound(
        Reason.NOTIFICATION_NOT_FOUND, "there is no such notification in this feed, or it is gone"
    )


def check_revision(row: Notification, expected: int | None) -> None:
    """Raise `Aborted` (REVISION_MISMATCH) when the row is not at the expected revision. None allows any."""
    if expected is not None and row.revision != expected:
        raise Aborted(
            Reason.REVISION_MISMATCH,
            f"the notification is at revision {row.revision}, not at {expected}; read it again",
            {"revision": str(row.revision)},
        )
