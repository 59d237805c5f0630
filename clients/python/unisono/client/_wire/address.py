"""Where a server is, and how to connect to it: what every constructor of the SDK takes."""

import re
from dataclasses import dataclass, field
from typing import Final, TypedDict

#: What gRPC takes besides HOST:PORT.
_SCHEMES: Final = ("dns:", "ipv4:", "ipv6:", "unix:", "unix-abstract:", "xds:")
_HOST_PORT: Final = re.compile(r"(?:\[[^\]\s]+\]|[^\[\]:/\s]+):(?P<port>[0-9]{1,5})")
_LAST_PORT: Final = 65_535

#: How certificates and keys begin: https://www.rfc-editor.org/rfc/rfc7468.html, and as OpenSSL has keys.
_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----")
_KEY: Final = re.compile(rb"-----BEGIN (?:RSA |EC )?PRIVATE KEY-----(?!\s*Proc-Type: 4,ENCRYPTED)")


class ConnectionOptions(TypedDict, total=False):
    """The keywords that say how to connect to a target. Without them, in the clear.

    A program that names no target connects to that of the environment, as this says: UNISONO_TARGET,
    UNISONO_TLS and UNISONO_NO_PROXY (1 or 0), UNISONO_ROOT_CERTIFICATES, UNISONO_CLIENT_CERTIFICATE and
    UNISONO_CLIENT_KEY (files). Keywords count before these.

    tls: encrypt, and trust the authorities that gRPC brings along.
    root_certificates: authorities to trust instead, in PEM; turns `tls` on.
    client_certificate, client_key: what this client shows to servers that ask for it (mutual TLS): its
        certificate, with those that lead to the authority, and its key without a password, both in PEM;
        turns `tls` on.
    use_proxy: False: not through the proxy of the environment, see `Address`.
    """

    tls: bool
    root_certificates: bytes | None
    client_certificate: bytes | None
    client_key: bytes | None
    use_proxy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server is. Connections use TLS with `tls`, and with any certificates (PEM).

    With `use_proxy`, connections to other machines go through the proxy that the environment names in
    `grpc_proxy`, `https_proxy` or `http_proxy`, the first that is set, unless `no_grpc_proxy` or else
    `no_proxy` has the host. Those to this machine never do. Raises `ValueError` for a target
    that is no address, and for certificates and keys that are none in PEM, or of which one is missing.
    """

    target: str
    tls: bool = False
    root_certificates: bytes | None = field(default=None, repr=False)
    client_certificate: bytes | None = field(default=None, repr=False)
    client_key: bytes | None = field(default=None, repr=False)
    use_proxy: bool = True

    def __post_init__(self) -> None:
        """Check the address."""
        check_target(self.target)
        _check_pem("root_certificates", self.root_certificates, _CERTIFICATE, "certificates")
        _check_pem("client_certificate", self.client_certificate, _CERTIFICATE, "a certificate")
        _check_pem("client_key", self.client_key, _KEY, "a key without a password")
        for one, other in (("client_certificate", "client_key"), ("client_key", "client_certificate")):
            if getattr(self, one) is not None and getattr(self, other) is None:
                raise ValueError(f"{other}: must be given together with {one}")

    @property
    def encrypted(self) -> bool:
        """Whether connections use TLS, so that nobody on the way can read the tokens."""
        return self.tls or self.root_certificates is not None or self.client_certificate is not None


def check_target(target: str) -> None:
    """Raise `ValueError` for a target that gRPC would accept, try for ever, and say little about.

    It is HOST:PORT, or has one of gRPC's schemes: https://github.com/grpc/grpc/blob/master/doc/naming.md.
    """
    address = _HOST_PORT.fullmatch(target)
    if not target.startswith(_SCHEMES) and not (address and 1 <= int(address["port"]) <= _LAST_PORT):
        raise ValueError(f"target: must be HOST:PORT, such as 127.0.0.1:50051; is {target!r}")


def _check_pem(name: str, value: bytes | None, begin: re.Pattern[bytes], what: str) -> None:
    """Raise `ValueError` for what is not `what` in PEM, whose first line `begin` is. No error shows it."""
    if value is not None and not begin.search(value):
        raise ValueError(f"{name}: must be {what} in PEM; there is none in it")
