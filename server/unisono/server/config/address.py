"""An address to listen on: a host and a port."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Self

_FORM: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\[\]:\s/]+):(?P<port>[0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """An address to listen on. `host` is a name or an IP address, without brackets."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse HOST:PORT, where an IPv6 host is in brackets. Raises `ValueError` for anything else."""
        form = _FORM.fullmatch(text)
        if form is None or int(form["port"]) > 65535:
            raise ValueError("must be HOST:PORT, such as 127.0.0.1:50051 or [::1]:50051")
        return cls(form["host"].strip("[]"), int(form["port"]))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the address. Names other than localhost are not resolved."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
