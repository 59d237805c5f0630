"""An address to listen on: a host and a port, or the path of a unix socket."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Self

_FORM: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\[\]:\s/]+):(?P<port>[0-9]{1,5})", re.ASCII)

UNIX: Final = "unix:"
"""What the path of a unix socket follows."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address to listen on. `host` is a name or an IP address, without brackets.

    Where there is a `path`, that of a unix socket, host and port are empty.
    """

    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse HOST:PORT, where an IPv6 host is in brackets, or unix:PATH. Raises `ValueError` else."""
        if text.startswith(UNIX) and text != UNIX:
            return cls("", 0, text.removeprefix(UNIX))
        form = _FORM.fullmatch(text)
        if form is None or int(form["port"]) > 65535:
            raise ValueError("must be HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051")
        return cls(form["host"].strip("[]"), int(form["port"]))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the address. Names other than localhost are not resolved."""
        if self.path or self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def at(self, port: int) -> str:
        """Return the address as text, with the port that was taken."""
        if self.path:
            return UNIX + self.path
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"
