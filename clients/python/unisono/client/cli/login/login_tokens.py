"""Gives the access token of a login, and renews it in time, with all commands of the machine in turn."""

import asyncio
from dataclasses import replace
from typing import Final

from unisono.client.cli.login.errors import NotReached, Refused, SignInNeeded
from unisono.client.cli.login.login_file import LoginFile
from unisono.client.cli.login.provider import discover
from unisono.client.cli.login.sign_in import Login
from unisono.client.cli.login.token_endpoint import refresh

_AGAIN: Final = "sign in again: unisono login"


class LoginTokens:
    """A provider of tokens for the SDK: each call of it after the first says that the last token was refused.

    Raises `LoginError`; `timeout` is of each request, in seconds. What another command has renewed, or who
    has signed in anew, counts at the next call.
    """

    def __init__(self, target: str, timeout: float) -> None:
        self._file = LoginFile(target)
        self._timeout = timeout
        self._given = ""

    async def __call__(self) -> str:
        """Return a token that was not refused yet."""
        # On a thread of the event loop, for which a command waits at its end: a refresh token that was spent,
        # and whose successor was not written, would be the end of the login.
        return await asyncio.to_thread(self.token)

    def token(self) -> str:
        """Return it, and block meanwhile."""
        login = self._file.read()
        if not self._is_good(login):
            with self._file.locked(self._timeout):
                login = self._file.read()
                if not self._is_good(login):
                    login = self._renewed(login)
        self._given = login.tokens.access_token
        return self._given

    def _is_good(self, login: Login) -> bool:
        return not login.tokens.is_due and login.tokens.access_token != self._given

    def _renewed(self, login: Login) -> Login:
        tokens, sign_in = login.tokens, login.sign_in
        if not tokens.refresh_token:
            return self._as_it_is(login, SignInNeeded(f"the login to {login.target} has ended", _AGAIN))
        try:
            provider = discover(sign_in.issuer, self._timeout)
            renewed = replace(login, tokens=refresh(provider, sign_in, tokens.refresh_token, self._timeout))
        except NotReached as error:
            return self._as_it_is(login, error)
        except Refused as error:
            if error.code != "invalid_grant":
                raise
            # Nobody needs to ask with it again.
            self._file.write(replace(login, tokens=replace(tokens, refresh_token="")))
            raise SignInNeeded(f"the login to {login.target} has ended: {error}", _AGAIN) from error
        self._file.write(renewed)
        return renewed

    def _as_it_is(self, login: Login, error: Exception) -> Login:
        """Return a login whose token nobody refused, and that is good for a moment; else raise the error."""
        if login.tokens.has_expired or login.tokens.access_token == self._given:
            raise error
        return login
