"""People who sign in with the command, at a provider that the server trusts."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final
from unittest.mock import patch

from tests.commands.unisono import Cli, Ended, RunningCommand, environ, environment, run
from tests.support.processes import ServerProcess, serving
from tests.support.provider.endpoints import TOKEN
from tests.support.provider.provider import Provider
from tests.support.provider.records import User
from unisono.client.cli.login import device_flow, signing_in
from unisono.client.cli.login.login_file import LoginFile
from unisono.client.cli.login.sign_in import Login, SignIn, Tokens

CLIENT: Final = "unisono-command"
BACKEND: Final = "mail-backend"
SCOPE: Final = "notifications.readwrite notifications.send"


@contextmanager
def trusting(provider: Provider, folder: Path) -> Iterator[ServerProcess]:
    """Run a server that takes the tokens of a provider, whose keys it asks for."""
    issuer = {"issuer": provider.issuer, "preset": "rfc9068", "audience": provider.settings.audience}
    app = {"app_id": "mail.test", "client_ids": [BACKEND, CLIENT]}
    env = {"UNISONO_ISSUERS": json.dumps([issuer]), "UNISONO_APPS": json.dumps([app])}
    with serving(folder / "unisono.db", env=env) as server:
        yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody at a machine with a state of its own, who signs in at a target through a provider."""

    provider: Provider
    target: str
    state: Path
    user_id: str = "ada"

    @property
    def variables(self) -> dict[str, str]:
        return {"UNISONO_TARGET": self.target, "XDG_STATE_HOME": str(self.state)}

    @property
    def file(self) -> LoginFile:
        with environ(environment(**self.variables)):
            return LoginFile(self.target)

    @property
    def client(self) -> tuple[str, ...]:
        return "--issuer", self.provider.issuer, "--client-id", CLIENT, "--scope", SCOPE

    def run(self, *arguments: str, **changes: str) -> Ended:
        """Run a command in this process, without a token. Where it waits for the person, that approves."""
        waiting = partial(device_flow.wait, sleep=lambda _: self.approve())
        with patch.object(signing_in, "wait", waiting):
            return run(*arguments, **{**self.variables, **changes})

    @contextmanager
    def started(self, *arguments: str, **changes: str) -> Iterator[RunningCommand]:
        """Start a command as a process, without a token."""
        started = RunningCommand(arguments, environment(**{**self.variables, **changes}))
        try:
            yield started
        finally:
            started.end()

    def approve(self) -> None:
        """Let the person approve of all devices that nobody has decided about."""
        for device in self.provider.records.devices.values():
            decided = User(user_id=self.user_id), True
            self.provider.records.decisions.setdefault(str(device["user_code"]), decided)

    def sign_in(self, *, expires_in: float = 3600.0) -> Login:
        """Be signed in, as `unisono login` would leave it; the access token is taken to end in so long."""
        login = Login(
            target=self.target,
            sign_in=SignIn(issuer=self.provider.issuer, client_id=CLIENT, scope=SCOPE),
            tokens=Tokens(
                access_token=self.provider.access_token(CLIENT, self.user_id, SCOPE),
                refresh_token=self.provider.refresh_token(CLIENT, self.user_id, SCOPE),
                expires_at=time.time() + expires_in,
            ),
        )
        self.keep(login)
        return login

    def keep(self, login: Login) -> None:
        with self.file.locked(1.0):
            self.file.write(login)

    def age(self, expires_in: float) -> None:
        """Let the access token be taken to end in so many seconds."""
        login = self.file.read()
        end = time.time() + expires_in
        self.keep(replace(login, tokens=replace(login.tokens, expires_at=end)))

    @property
    def refreshes(self) -> list[str]:
        """The refresh tokens that the provider was asked with, in their order."""
        forms = [asked.form for asked in self.provider.requests(TOKEN)]
        return [form["refresh_token"] for form in forms if form["grant_type"] == "refresh_token"]

    def app(self) -> Cli:
        """Commands of the app."""
        return Cli(self.target, self.provider.access_token(BACKEND, scope="notifications.send"))
