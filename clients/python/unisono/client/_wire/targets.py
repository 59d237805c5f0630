"""What the target of a channel shows of where it is: its hosts, and whether they are this machine."""

import ipaddress
import re
from typing import Final

#: How gRPC names sockets that never leave the machine, and what it puts before others.
_LOCAL_SCHEMES: Final = ("unix:", "unix-abstract:")
_SCHEME: Final = re.compile(r"(?:dns:(?://[^/]*/)?|ipv4:|ipv6:)?(?P<rest>.*)", re.DOTALL)
_PORT: Final = re.compile(r":[0-9]{1,5}$")


def hosts_of(target: str) -> tuple[str, ...]:
    """Return the names or addresses of a gRPC target, without ports; none for a Unix socket."""
    if target.startswith(_LOCAL_SCHEMES):
        return ()
    form = _SCHEME.fullmatch(target)
    addresses = form["rest"].split(",") if form else [target]
    return tuple(_PORT.sub("", address).strip("[]") for address in addresses)


def leaves_the_machine(target: str) -> bool:
    """Return whether a gRPC target is on another machine, as far as its name shows.

    False for Unix sockets and loopback addresses only: no name but localhost is resolved.
    """
    return not all(map(_is_loopback, hosts_of(target)))


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
