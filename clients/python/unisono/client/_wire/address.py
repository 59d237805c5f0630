"""Where a server is, and how to connect to it: what every constructor of the SDK takes."""

import re
from dataclasses import dataclass, field
from typing import Final, TypedDict

#: What gRPC takes besides HOST:PORT.
_SCHEMES: Final = ("dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "xds:")
_HOST_PORT: Final = re.compile(r"(?:\[[^\]\s]+\]|[^\[\]:/\s]+):(?P<port>[0-9]{1,5})")
_LAST_PORT: Final = 65_535


class ConnectionOptions(TypedDict, total=False):
    """The keywords that say how to connect to a target. Without them, in the clear.

    tls: encrypt, and trust the authorities that gRPC brings along.
    root_certificates: authorities to trust instead, in PEM; turns `tls` on.
    use_proxy: False: not through the proxy of the environment, see `Address`.
    """

    tls: bool
    root_certificates: bytes | None
    use_proxy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is. Connections use TLS with `tls`, or with `root_certificates` (PEM) alone.

    With `use_proxy`, connections to other machines go through the proxy that the environment names in
    `grpc_proxy`, `https_proxy` or `http_proxy`, the first that is set, unless `no_grpc_proxy` or else
    `no_proxy` has the host. Those to this machine never do. Raises `ValueError` as `check` does.
    """

    target: str
    tls: bool = False
    root_certificates: bytes | None = field(default=None, repr=False)
    use_proxy: bool = True

    def __post_init__(self) -> None:
        """Check the address."""
        check(self.target, self.root_certificates)

    @property
    def encrypted(self) -> bool:
        """Whether connections use TLS, so that nobody on the way can read the tokens."""
        return self.tls or self.root_certificates is not None


def check(target: str, root_certificates: bytes | None) -> None:
    """Raise `ValueError` for what gRPC would accept, try for ever, and say little about.

    A target is HOST:PORT, or has one of gRPC's schemes:
    https://github.com/grpc/grpc/blob/master/doc/naming.md. Certificates must be in PEM.
    """
    address = _HOST_PORT.fullmatch(target)
    if not target.startswith(_SCHEMES) and not (address and 1 <= int(address["port"]) <= _LAST_PORT):
        raise ValueError(f"target: must be HOST:PORT, such as 127.0.0.1:50051; is {target!r}")
    if root_certificates is not None and b"-----BEGIN CERTIFICATE-----" not in root_certificates:
        raise ValueError("root_certificates: must be certificates in PEM; there is none in it")
