"""The release before this one: where it is in the history, and what it made."""

from typing import Final

COMMIT: Final = "b688eb26dc6e079c0acd9dc4bc9b97656228c8db"
VERSION: Final = "0.1.0"

STORE_VERSION: Final = 10
"""The version of the stores that it makes."""
