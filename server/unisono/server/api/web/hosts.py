"""Which hosts a request may mean where things are tried out.

A page of anywhere can have a name of its own host lead to this machine (DNS rebinding), and is then, for the
browser, on the origin of this server: it could read the page that has a token in it. Such a request still
says that name.
"""

import ipaddress
import re
from typing import Final

_LOCAL: Final = "localhost"
_FORM: Final = re.compile(r"(|\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]*)?")


class Hosts:
    """Knows the hosts that are nobody else's: localhost and what is below it, addresses, and `listening`."""

    def __init__(self, listening: str) -> None:
        """`listening` is the host that the server listens on, in any letters."""
        self._listening: Final = listening.lower()

    def __contains__(self, authority: bytes) -> bool:
        """Return whether an authority, a host that a port may follow, means this server.

        Who says none is no browser.
        """
        found = _FORM.fullmatch(authority.decode("latin-1").lower())
        if found is None:
            return False
        host = found[1]
        return host in ("", _LOCAL, self._listening) or host.endswith(f".{_LOCAL}") or _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
