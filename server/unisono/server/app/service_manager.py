"""Tells a service manager, as systemd is one, how far the server is; knows nothing of what the server does.

The protocol is that of sd_notify(3), which is stable: a datagram to the socket that `NOTIFY_SOCKET` names.
"""

import os
import socket
from typing import Final

import structlog

log = structlog.get_logger(__name__)

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"


def notify(state: str) -> None:
    """Send one of the states to who started the server, if it asked for that.

    Who does not listen keeps no server from serving: that is logged.
    """
    name = os.environ.get("NOTIFY_SOCKET")
    if not name:
        return
    # A name in the abstract namespace of Linux is written with @ for its first byte, which is zero.
    address = "\0" + name[1:] if name.startswith("@") else name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.setblocking(False)
            manager.sendto(state.encode(), address)
    except OSError as error:
        log.warning("the service manager was not told", state=state, error=str(error))
