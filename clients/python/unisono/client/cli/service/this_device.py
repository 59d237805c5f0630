"""What this device is called when nobody says: each terminal is one of its own. Knows no service."""

import os
import socket
import sys
from typing import Final

_PLATFORMS: Final = {"darwin": "macos", "win32": "windows"}


def endpoint_id() -> str:
    """Two panes are two devices: laptop-pts3 is the third terminal of laptop. Without one, laptop-listen."""
    host = socket.gethostname().partition(".")[0]
    return f"{host}-{_terminal() or 'listen'}"


def platform() -> str:
    """The name of the platform that this machine has."""
    return _PLATFORMS.get(sys.platform, "linux")


def _terminal() -> str:
    for number in range(3):
        try:
            return os.ttyname(number).removeprefix("/dev/").replace("/", "")
        except (OSError, AttributeError):  # no terminal, or a system that has no such names
            continue
    return ""
