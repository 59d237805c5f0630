"""The limit on open files, which bounds how many devices can be connected."""

import resource

import structlog

log = structlog.get_logger(__name__)

#: What the process needs besides the connections of devices: the store, the log, the port, libraries; and
#: half of it for connections that are accepted to be refused.
RESERVED = 128


def raise_open_files() -> int:
    """Raise the soft limit on open files to the hard limit, and return how many connections fit.

    Both are logged. An unlimited hard limit leaves the soft one as it is.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = soft if hard == resource.RLIM_INFINITY else hard
    if soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    devices = limit - RESERVED
    log.info("open files", limit=limit, was=soft, devices=devices)
    return devices
