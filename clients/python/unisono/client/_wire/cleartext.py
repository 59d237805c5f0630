"""Warns of access tokens that travel over a network in the clear."""

import ipaddress
import logging
import os
import re
from functools import lru_cache
from typing import Final

#: A variable of the environment that says, unless it is empty, that nobody else is on the way.
ALLOWED: Final = "UNISONO_CLEARTEXT"

_log = logging.getLogger("unisono.client")

#: How gRPC names sockets that never leave the machine, and what it puts before others.
_LOCAL_SCHEMES: Final = ("unix:", "unix-abstract:")
_SCHEME: Final = re.compile(r"(?:dns:(?://[^/]*/)?|ipv4:|ipv6:)?(?P<rest>.*)", re.DOTALL)
_PORT: Final = re.compile(r":[0-9]{1,5}$")


def leaves_the_machine(target: str) -> bool:
    """Return whether a gRPC target is on another machine, as far as its name shows.

    False for Unix sockets and loopback addresses only: no name but localhost is resolved.
    """
    if target.startswith(_LOCAL_SCHEMES):
        return False
    form = _SCHEME.fullmatch(target)
    addresses = form["rest"].split(",") if form else [target]
    return not all(_is_loopback(_PORT.sub("", address).strip("[]")) for address in addresses)


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


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
