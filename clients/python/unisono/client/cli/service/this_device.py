"""The default id and platform of this device. Each terminal is a device of its own."""

import os
import socket
import sys
from typing import Final

from unisono.client.cli.service.installation import installation

_PLATFORMS: Final = {"darwin": "macos", "win32": "windows"}


def endpoint_id() -> str:
    """Return the default endpoint id: host, installation and terminal, such as laptop-3d1219c7-pts3.

    So two panes are two devices, and two hosts of one name. Without a terminal, or on Windows, the last part
    is "listen"; that in the middle is left out where there is none.
    """
    host = socket.gethostname().partition(".")[0]
    return "-".join(part for part in (host, installation(), _terminal() or "listen") if part)


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
