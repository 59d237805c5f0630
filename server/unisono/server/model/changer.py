"""Who made a change of a notification, as the one text in which it is kept; empty where that is not known."""

from typing import Final

SERVICE: Final = "service"
"""The service itself: an expiry, the end of a snooze, what gives way in a full feed."""

_ENDPOINT: Final = "endpoint "
_PUBLISHER: Final = "publisher "


def by_endpoint(endpoint_id: str) -> str:
    """Return the text for an endpoint of the user."""
    return f"{_ENDPOINT}{endpoint_id}"


def by_publisher(client_id: str) -> str:
    """Return the text for a backend of the app, known by its OAuth client or the name of its certificate."""
    return f"{_PUBLISHER}{client_id}"


def endpoint_of(changed_by: str) -> str:
    """Return the endpoint in a text, empty where it was somebody else."""
    return changed_by.removeprefix(_ENDPOINT) if changed_by.startswith(_ENDPOINT) else ""


def publisher_of(changed_by: str) -> str | None:
    """Return the client in a text, which may be empty; None where it was somebody else."""
    return changed_by.removeprefix(_PUBLISHER) if changed_by.startswith(_PUBLISHER) else None
