"""Signs a person in and out, and says on the way what to do and how it went."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click

from unisono.client.cli.failures import warn
from unisono.client.cli.formatting.json_output import json_line, plain
from unisono.client.cli.formatting.times import clock
from unisono.client.cli.login.device_flow import DeviceCode, begin, wait
from unisono.client.cli.login.errors import LoginError, SignInNeeded
from unisono.client.cli.login.login_file import LoginFile, check_platform
from unisono.client.cli.login.provider import discover
from unisono.client.cli.login.sign_in import Login, SignIn
from unisono.client.cli.login.token_endpoint import revoke


def sign_in(file: LoginFile, who: SignIn, timeout: float, *, as_json: bool) -> None:
    """Sign a person in, and keep the login; `timeout` is of each request. Raises `LoginError`."""
    check_platform()
    provider = discover(who.issuer, timeout)
    code = begin(provider, who, timeout)
    click.echo(json_line(_code_json(code)) if as_json else _what_to_do(code))
    with _waiting(code, shown=not as_json):
        tokens = wait(provider, who, code, timeout)
    login = Login(target=file.target, sign_in=who, tokens=tokens)
    with file.locked(timeout):
        file.write(login)
    click.echo(
        json_line(_login_json(login)) if as_json else f"Signed in to {file.target}, {_how_long(login)}"
    )


def sign_out(file: LoginFile, timeout: float, *, as_json: bool) -> bool:
    """Revoke the tokens of a login, and forget it; return whether there was one. Raises `LoginError`.

    Where the tokens cannot be revoked, they are forgotten all the same, and a warning says so.
    """
    if not file.exists:
        return False
    with file.locked(timeout):
        try:
            login = file.read()
            revoke(discover(login.sign_in.issuer, timeout), login.sign_in, login.tokens, timeout)
        except SignInNeeded:
            return False
        except LoginError as error:
            warn(f"the tokens are forgotten, but not revoked: {error}", as_json=as_json)
        file.remove()
    return True


def _what_to_do(code: DeviceCode) -> str:
    by_hand = (f"{code.verification_uri}", "", "and enter the code", "", f"    {code.user_code}")
    if not code.complete:
        return "\n".join(("Open with any browser", "", f"    {by_hand[0]}", *by_hand[1:], ""))
    first = ("Open with any browser", "", f"    {code.complete}", "", "which should show the code", "")
    return "\n".join((*first, f"    {code.user_code}", "", f"or enter it at {code.verification_uri}", ""))


def _code_json(code: DeviceCode) -> dict[str, object]:
    return {
        "event": "code",
        "user_code": code.user_code,
        "verification_uri": code.verification_uri,
        "verification_uri_complete": code.complete,
        "expires_in": code.lifetime,
        "interval": code.interval,
    }


def _login_json(login: Login) -> dict[str, object]:
    return {
        "event": "signed_in",
        "target": login.target,
        "issuer": login.sign_in.issuer,
        "client_id": login.sign_in.client_id,
        "expire_time": plain(_end(login)),
        "renewable": bool(login.tokens.refresh_token),
    }


def _how_long(login: Login) -> str:
    if login.tokens.refresh_token:
        return "until unisono logout"
    end, now = _end(login), datetime.now().astimezone()
    until = f"until {clock(end, now)}" if end else "for a time that the provider does not say"
    return f"{until}: it gave no refresh token, for which most want offline_access in --scope"


def _end(login: Login) -> datetime | None:
    """Return when the access token expires; None where the provider does not say."""
    at = login.tokens.expires_at
    return datetime.fromtimestamp(at, UTC) if at else None


@contextmanager
def _waiting(code: DeviceCode, *, shown: bool) -> Iterator[None]:
    """Show on stderr that something is waited for, until the block ends."""
    now = datetime.now().astimezone()
    end = now + timedelta(seconds=code.lifetime)
    text = f"waiting until you have; the code is good until {clock(end, now)}"
    if not shown or not sys.stderr.isatty():
        if shown:
            click.echo(text, err=True)
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield
