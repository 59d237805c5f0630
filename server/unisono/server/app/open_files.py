"""The limit on open files, which is what bounds how many devices fit. Knows no sockets."""

import resource

import structlog

log = structlog.get_logger(__name__)

#: What the process needs besides the connections of devices: the store, the log, the port, libraries.
RESERVED = 64


def raise_open_files() -> int:
    """Raise the soft limit to the hard one; returns and logs how many connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    devices = hard - RESERVED
    log.info("open files", limit=hard, was=soft, devices=devices)
    return devices
