"""Makes the plan of a run from the options, and refuses contradictory ones before any call is made."""

import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from unisono.client._wire.address import Address, ConnectionOptions
from unisono.client.cli.failures import UsageFailure
from unisono.client.cli.formatting.errors import Attempt
from unisono.client.cli.service.access import Access
from unisono.verify.cli.options import MAX_USERS

#: The limit of calls in one run: to judge so many takes half a gigabyte of memory.
MAX_CALLS: Final = 20_000

#: The placeholder for the user in a --token-command.
USER: Final = "{user}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the tokens of an app or user come from: either `token` or `command` is not empty.

    `option` names the option that gave it, for errors.
    """

    option: str
    token: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The parameters of one run.

    `app_id` is empty when any app will do. `users` are by name. `seconds` is how long traffic flows, `rate`
    the calls a second for each user. `prefix` is another one each time; all that the run makes begins with
    it. `save` is the file to save the history to, if any.
    """

    target: str
    connection: ConnectionOptions
    app_id: str
    app: Source
    users: Mapping[str, Source]
    seconds: float
    rate: int
    faults: bool
    seed: int
    prefix: str
    save: Path | None
    as_json: bool

    @classmethod
    def of(
        cls,
        *,
        target: str | None,
        connection: ConnectionOptions,
        app_id: str | None,
        app_token: str | None,
        app_token_command: str | None,
        named: Sequence[str],
        count: int | None,
        token_command: str | None,
        length: timedelta,
        rate: int,
        faults: bool,
        seed: int | None,
        save: Path | None,
        as_json: bool,
    ) -> Self:
        """Make a plan of the values of the options, by their names in `options`.

        Draws a seed where none was given. Raises `UsageFailure` when the target, a token or the users are
        missing, when options contradict each other, and for more than `MAX_CALLS` calls or `MAX_USERS` users.
        """
        if not target:
            raise UsageFailure("--target is missing", "say where the server is: --target 127.0.0.1:50051")
        users = _users(named, count, token_command or "")
        if length.total_seconds() * rate * len(users) > MAX_CALLS:
            raise UsageFailure(
                f"--for: that would be more than {MAX_CALLS:,} calls, too many to be judged together",
                "lower it, or --rate, or the number of users; and repeat the run, for other chances",
            )
        return cls(
            target=target,
            connection=connection,
            app_id=app_id or "",
            app=_app(app_token or "", app_token_command or ""),
            users=users,
            seconds=length.total_seconds(),
            rate=rate,
            faults=faults,
            seed=secrets.randbelow(10**6) if seed is None else seed,
            # Not from the seed: deleted endpoints cannot be registered again.
            prefix=f"unisono-verify-{secrets.token_hex(4)}-",
            save=save,
            as_json=as_json,
        )

    def attempt(self, *, app: bool) -> Attempt:
        """Return what describes the connection in errors; `app` is whether the app or a user calls."""
        return Attempt(address=Address(target=self.target, **self.connection), app=app)

    def access(self, source: Source, *, app: bool) -> Access:
        """Return the access of one app or user, in the type of the command `unisono`."""
        return Access(
            target=self.target,
            token=source.token,
            token_command=source.command,
            connection=self.connection,
            timeout=0.0,
            app=app,
            as_json=self.as_json,
        )


def _app(token: str, command: str) -> Source:
    if token and command:
        raise UsageFailure(
            "--app-token and --app-token-command exclude each other", "UNISONO_APP_TOKEN counts"
        )
    if not token and not command:
        raise UsageFailure(
            "there is no token of the app",
            "give --app-token or --app-token-command, or set UNISONO_APP_TOKEN",
        )
    if command:
        return Source(option="--app-token-command", command=command)
    return Source(option="--app-token", token=_sendable("--app-token", token))


def _users(named: Sequence[str], count: int | None, command: str) -> dict[str, Source]:
    if bool(named) == bool(count):
        problem = "--user and --users exclude each other" if count else "there are no users"
        raise UsageFailure(problem, "give --user USER=TOKEN for each, or --users 3 with a --token-command")
    if command:
        return _by_command([f"unisono-verify-{n + 1}" for n in range(count or 0)] or list(named), command)
    if count:
        raise UsageFailure("--users needs a --token-command", f"one that prints a token of {USER}")
    users = dict(map(_with_token, named))
    return _as_many(users, named)


def _by_command(names: Sequence[str], command: str) -> dict[str, Source]:
    if USER not in command:
        raise UsageFailure(
            f"--token-command: there is no {USER} in it", f"write {USER} where the user's name belongs"
        )
    users = {
        name: Source(option=f"--token-command for {name}", command=command.replace(USER, shlex.quote(name)))
        for name in names
    }
    return _as_many(users, names)


def _with_token(text: str) -> tuple[str, Source]:
    name, _, token = text.partition("=")
    if not name or not token.strip():
        raise UsageFailure(
            f"--user {name}: its token is missing", "write --user USER=TOKEN, or give a --token-command"
        )
    option = f"--user {name}"
    return name, Source(option=option, token=_sendable(option, token))


def _as_many(users: dict[str, Source], names: Sequence[str]) -> dict[str, Source]:
    if len(users) < len(names):
        raise UsageFailure("--user: the same user twice", "name each user once: it gets three devices")
    if len(users) > MAX_USERS:
        raise UsageFailure(f"--user: at most {MAX_USERS}", "more would be no verification, but an attack")
    return users


def _sendable(option: str, token: str) -> str:
    token = token.strip()
    if not (token.isascii() and token.isprintable()):
        raise UsageFailure(f"{option}: the token has characters that no token has", "is it in quotes?")
    return token
