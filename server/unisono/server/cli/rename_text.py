"""What `unisono-server rename-users` says about a plan."""

import json
from collections.abc import Iterator
from typing import Final

from unisono.server.api.text import cut
from unisono.server.store.renaming import Rename, RenamePlan, UserIds

_SHOWN: Final = 60
"""The most characters that are shown of an id."""

_DO_IT: Final = "Nothing was changed. To do it, stop the server, make a backup, and add --yes."
_GO_ON: Final = "To go on with it, add --yes."


def would_do(file: str, rename: Rename, plan: RenamePlan) -> str:
    """Return what a rename would do, in a few lines, and what to do for it."""
    if not plan.users.total and not plan.under_way:
        return _nothing(file, rename)
    cut_off = "a rename was cut off; " if plan.under_way else ""
    lines = [f"{file}: {cut_off}{_users(plan.users.total)} of the app {rename.app_id} would get new ids"]
    lines += [f"  {_shown(user_id)} -> {_shown(rename.prefix + user_id)}" for user_id in plan.users.first]
    if plan.users.total > len(plan.users.first):
        lines.append("  ...")
    lines += _kept(rename, plan)
    lines.append(_GO_ON if plan.under_way else _DO_IT)
    return "\n".join(lines)


def done(file: str, rename: Rename, plan: RenamePlan) -> str:
    """Return what a rename did."""
    if not plan.users.total and not plan.under_way:
        return _nothing(file, rename)
    setting = f"user_prefix = {json.dumps(rename.prefix, ensure_ascii=False)}"
    lines = [f"{file}: {_users(plan.users.total)} of the app {rename.app_id} got new ids"]
    lines += _kept(rename, plan)
    lines.append(f"Before the server starts, let the issuer of its users have {setting}.")
    return "\n".join(lines)


def conflicts(rename: Rename, plan: RenamePlan, limit: int, *, keep_prefixed: bool) -> str:
    """Return why a rename is not possible, and what to do about it; new ids may have `limit` bytes."""
    lines = [f"the users of the app {rename.app_id} cannot be renamed, and nothing was changed:"]
    if plan.too_long.total:
        lines.append(
            f"  {_users(plan.too_long.total)} would get an id of more than {limit} bytes: "
            f"{_listed(plan.too_long)}; take a shorter prefix"
        )
    if plan.taken.total:
        lines.append(
            f"  {_users(plan.taken.total)} would get an id that another user has: {_listed(plan.taken)}; two "
            "users never become one: erase one of the two (`unisono erase`), or take another prefix"
        )
    if plan.prefixed.total and not keep_prefixed:
        lines.append(
            f"  {_users(plan.prefixed.total)} with an id that begins with {rename.prefix} already: "
            f"{_listed(plan.prefixed)}; where a server gave them that, leave them as they are with "
            "--keep-prefixed, otherwise take another prefix"
        )
    return "\n".join(lines)


def _nothing(file: str, rename: Rename) -> str:
    return f"{file}: all ids of the users of the app {rename.app_id} begin with {rename.prefix} already"


def _kept(rename: Rename, plan: RenamePlan) -> Iterator[str]:
    if plan.prefixed.total:
        count = _users(plan.prefixed.total)
        yield f"{count} with {rename.prefix} already stay as they are: {_listed(plan.prefixed)}"


def _listed(ids: UserIds) -> str:
    more = ", ..." if ids.total > len(ids.first) else ""
    return ", ".join(map(_shown, ids.first)) + more


def _users(count: int) -> str:
    return "1 user" if count == 1 else f"{count:,} users"


def _shown(user_id: str) -> str:
    """Return an id for a terminal, which shows every character of it and obeys none."""
    return cut(user_id if user_id.isprintable() else repr(user_id), _SHOWN)
