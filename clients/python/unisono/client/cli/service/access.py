"""How a command reaches the service, as its options say. Knows no calls."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from unisono.client.cli.failures import UsageFailure

_HOW: Final = (
    "pass --token or --token-command, or set UNISONO_TOKEN; for a server that runs with --dev: "
    "export UNISONO_TOKEN=$(unisono-server token --user ada)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where the service is, and as whom to call it. `timeout` is in seconds."""

    target: str
    token: str
    token_command: str
    tls: bool
    root_certificates: Path | None
    timeout: float
    as_json: bool

    def check(self) -> None:
        """Raise `UsageFailure` when there is no token, or none that can be sent."""
        if not self.token and not self.token_command:
            raise UsageFailure("there is no access token", _HOW)
        if not (self.token.isascii() and self.token.isprintable()):
            raise UsageFailure("the access token has characters that no token has", _HOW)

    def certificates(self) -> bytes | None:
        """The root certificates to trust instead of the machine's, in PEM."""
        return self.root_certificates.read_bytes() if self.root_certificates else None
