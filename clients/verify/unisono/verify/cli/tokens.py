"""The tokens of one run: each source is asked once before the run, and again when a token is refused."""

import asyncio
from collections.abc import Mapping

from unisono.client.cli.service.tokens import TokenCommandError, token_source
from unisono.verify.cli import failures
from unisono.verify.cli.plan import Plan, Source
from unisono.verify.load.access import Access, Token
from unisono.verify.load.rpc_client import get_token


class TokenSet:
    """The tokens of the app and of its users, from the sources that a plan names."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._app = _Token(plan, plan.app, app=True)
        self._users = {name: _Token(plan, source, app=False) for name, source in plan.users.items()}

    async def ask(self) -> None:
        """Get the first token of the app and of each user; all commands run at the same time.

        Raises a `Failure` for the first command that prints no token, after all have ended.
        """
        asked = (principal.ask() for principal in (self._app, *self._users.values()))
        for outcome in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    @property
    def users(self) -> Mapping[str, Token]:
        """Return the source of each user's tokens, by name; each begins with the token that `ask` got."""
        return {name: user.token() for name, user in self._users.items()}

    def access(self, app_id: str = "") -> Access:
        """Return the tokens in the type that the load takes."""
        return Access(
            app_id=app_id, backend=self._app.token(), user=lambda user_id: self._users[user_id].token()
        )


class _Token:
    def __init__(self, plan: Plan, source: Source, *, app: bool) -> None:
        self._option = source.option
        self._source: Token = token_source(plan.access(source, app=app))
        self._first = ""

    async def ask(self) -> None:
        try:
            self._first = await get_token(self._source)
        except TokenCommandError as error:
            raise failures.of_a_command(error, self._option) from error

    def token(self) -> Token:
        """Return a source for one client: it begins with the first token, without running the command."""
        source, first = self._source, [self._first]
        if isinstance(source, str):
            return source
        return lambda: first.pop() if first else source()
