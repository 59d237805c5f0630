"""Where the command keeps what is of this user on this machine."""

import os
from pathlib import Path


def state_folder() -> Path:
    """Return the folder, which may not be there: https://specifications.freedesktop.org/basedir-spec/latest/.

    Raises `RuntimeError` for a user without a home.
    """
    named = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (named if named.is_absolute() else Path.home() / ".local" / "state") / "unisono"
