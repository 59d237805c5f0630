"""Looks at a start whether the users in the store have the prefixes that their issuers give them.

With other ids than before, every user would be somebody new: devices would discard what they hold.
"""

import shlex
from collections.abc import Collection, Mapping

import structlog

from unisono.server.store.base import Store, StoreError

log = structlog.get_logger(__name__)


async def check_user_prefixes(store: Store, issued: Mapping[str, Collection[str]]) -> None:
    """Raise `StoreError` where all issuers of an app have a prefix, and of its users nobody has one.

    `issued` has the prefixes by app, the empty one, too. Where users were renamed, and no issuer has their
    prefix, the log says so. Raises `Unavailable` where the store cannot be read.
    """
    for app_id, prefixes in issued.items():
        last = next(iter(store.prefixes.get(app_id, ())), "")
        if not any(prefix.startswith(last) for prefix in prefixes):
            log.warning(
                "the users of an app were renamed, and none of its issuers has their user_prefix",
                app=app_id,
                prefix=last,
            )
        elif prefixes and all(prefixes) and await _nobody_has(store, app_id, prefixes):
            raise _not_renamed(app_id, sorted(prefixes))


async def _nobody_has(store: Store, app_id: str, prefixes: Collection[str]) -> bool:
    """Whether the app has users, and no id begins with any of the prefixes."""
    if await store.first_user(app_id) is None:
        return False
    first = [(prefix, await store.first_user(app_id, prefix)) for prefix in prefixes]
    return not any(user_id is not None and user_id.startswith(prefix) for prefix, user_id in first)


def _not_renamed(app_id: str, prefixes: Collection[str]) -> StoreError:
    first = shlex.quote(next(iter(prefixes)))
    return StoreError(
        f"by the user_prefix of its issuers, each user of the app {app_id} has an id that begins with "
        f"{' or '.join(prefixes)}, but none in the store has; give them new ids with `unisono-server "
        f"rename-users --app {app_id} --prefix {first}`, or take the user_prefix back"
    )
