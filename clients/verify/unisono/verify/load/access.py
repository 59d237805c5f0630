"""Whose tokens the load carries. Knows no issuer: whoever runs the load says where tokens come from."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from unisono.client import Transport

#: An access token, or a function (async or not) that gives one, and is asked again when that is refused.
Token = str | Callable[[], str | Awaitable[str]]

#: Opens a connection to the service under test.
Connect = Callable[[], Transport]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """An app, the token of its backend, and those of its users by `user_id`."""

    app_id: str
    backend: Token
    user: Callable[[str], Token]
