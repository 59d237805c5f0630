"""What is asked for with `unisono-server token`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A token that is asked for, valid for `ttl` seconds.

    Without `app_id` the app follows from whose key signs it. An empty `client_id` stands for one that fits,
    and with an empty `user_id` the token is the app's own.
    """

    app_id: str | None
    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    ttl: int
