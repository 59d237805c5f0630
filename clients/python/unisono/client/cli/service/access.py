"""How a command reaches the service, as its options say. Knows no calls."""

from dataclasses import dataclass

from unisono.client.cli.failures import UsageFailure
from unisono.client.cli.formatting.tokens import source


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where the service is, and as whom to call it.

    `app`: as an app, as far as the arguments tell. `root_certificates` are in PEM, and trusted instead
    of the machine's. `timeout` is in seconds.
    """

    target: str
    token: str
    token_command: str
    tls: bool
    root_certificates: bytes | None
    timeout: float
    app: bool
    as_json: bool

    def check(self) -> None:
        """Raise `UsageFailure` when there is no token, or none that can be sent."""
        how = f"pass --token or --token-command, or set UNISONO_TOKEN; {source(app=self.app)}"
        if not self.token and not self.token_command:
            raise UsageFailure("there is no access token", how)
        if not (self.token.isascii() and self.token.isprintable()):
            raise UsageFailure("the access token has characters that no token has", how)
