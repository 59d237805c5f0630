"""The address and the access token of a command, as its options give them."""

from dataclasses import dataclass

from unisono.client._wire.address import Address, ConnectionOptions
from unisono.client.cli.failures import UsageFailure
from unisono.client.cli.formatting.tokens import source


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where the service is, and as whom to call it.

    token, token_command: the access token, or a shell command that prints one; the other is empty. Both are
        where the token is that of `unisono login`, or where a client certificate stands for one.
    connection: how to connect to the target.
    timeout: of a call with all its repetitions, in seconds.
    app: whether the caller is an app, as far as the arguments show; hints depend on this.
    """

    target: str
    token: str
    token_command: str
    connection: ConnectionOptions
    timeout: float
    app: bool
    as_json: bool

    @property
    def address(self) -> Address:
        """The target and how to connect to it. Raises `ValueError` where the target is no address."""
        return Address(target=self.target, **self.connection)

    @property
    def by_login(self) -> bool:
        """Whether the token is that of `unisono login`, since there is no other.

        Without a login, a client certificate is enough: the server may know a backend by it.
        """
        if self.token or self.token_command:
            return False
        return self.connection.get("client_certificate") is None or _has_login(self.target)

    @property
    def renewable(self) -> bool:
        """Whether there may be another token when one is refused."""
        return not self.token

    def check(self) -> None:
        """Raise `UsageFailure` when there is no token, or one with characters that no token has."""
        how = f"pass --token or --token-command, or set UNISONO_TOKEN; {source(app=self.app)}"
        if self.by_login and not _has_login(self.target):
            how = how if self.app else f"sign in with unisono login, or {how}"
            raise UsageFailure("there is no access token", how)
        if not (self.token.isascii() and self.token.isprintable()):
            raise UsageFailure("the access token has characters that no token has", how)


def _has_login(target: str) -> bool:
    from unisono.client.cli.login.login_file import LoginFile

    return LoginFile(target).exists
