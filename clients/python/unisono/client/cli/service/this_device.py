"""The default id and platform of this device. Each terminal is a device of its own."""

import os
import socket
import sys
from typing import Final

_PLATFORMS: Final = {"darwin": "macos", "win32": "windows"}


def endpoint_id() -> str:
    """Return the default endpoint id: the names of host and terminal, such as laptop-pts3.

    So two panes are two devices. Without a terminal, or on Windows, it is such as laptop-listen.
    """
    host = socket.gethostname().partition(".")[0]
    return f"{host}-{_terminal() or 'listen'}"


def platform() -> str:
    """Return the name of this machine's platform: macos, windows, or else linux."""
    return _PLATFORMS.get(sys.platform, "linux")


def _terminal() -> str:
    for number in range(3):
        try:
            return os.ttyname(number).removeprefix("/dev/").replace("/", "")
        except (OSError, AttributeError):  # no terminal, or a system that has no such names
            continue
    return ""
