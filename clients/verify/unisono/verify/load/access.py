"""The access of the load to a service: connections, and tokens of the app and its users."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from unisono.client import Transport

#: An access token, or a function (async or not) that returns one, and is called again when one is refused.
Token = str | Callable[[], str | Awaitable[str]]

#: Returns a new transport to the service under test; the caller closes it.
Connect = Callable[[], Transport]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The tokens for one app: `backend` is that of the app itself, `user` returns a user's by `user_id`."""

    app_id: str
    backend: Token
    user: Callable[[str], Token]
