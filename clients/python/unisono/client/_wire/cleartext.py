"""Warns of access tokens that travel over a network in the clear."""

import logging
import os
from functools import lru_cache
from typing import Final

from unisono.client._wire.targets import leaves_the_machine

#: A variable of the environment that says, unless it is empty, that nobody else is on the way.
ALLOWED: Final = "UNISONO_CLEARTEXT"

_log = logging.getLogger("unisono.client")


@lru_cache(maxsize=256)
def warn_of(target: str) -> None:
    """Log a warning, once for each target, if tokens to it can be read on the way.

    Nothing is logged for this machine, nor where the environment has a non-empty UNISONO_CLEARTEXT.
    """
    if leaves_the_machine(target) and not os.environ.get(ALLOWED):
        _log.warning(
            "access tokens travel to %s in the clear, and can be read on the way: use TLS (tls=True or "
            "root_certificates, --tls or --root-certificates), or set %s=1 where nobody else is on the way",
            target,
            ALLOWED,
        )
