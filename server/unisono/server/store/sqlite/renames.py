"""The renames that the users of an app in a file have had, and the one that was cut off, if there is one."""

import shlex
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from unisono.server.store.base import StoreError
from unisono.server.store.renaming import Rename

_ALL = "SELECT app_id, prefix FROM renames ORDER BY rename DESC"
_UNDER_WAY = "SELECT app_id, prefix FROM renames WHERE NOT complete"
_LAST = "SELECT prefix FROM renames WHERE app_id = ? ORDER BY rename DESC LIMIT 1"
_BEGIN = "INSERT INTO renames (app_id, prefix, complete) VALUES (?, ?, 0)"
_COMPLETE = "UPDATE renames SET complete = 1"


def prefixes(connection: sqlite3.Connection) -> Mapping[str, Sequence[str]]:
    """Return the prefixes that the users of each app have got, the last one first; see `Store.prefixes`."""
    found: dict[str, list[str]] = {}
    for app_id, prefix in connection.execute(_ALL):
        found.setdefault(app_id, []).append(prefix)
    return found


def under_way(connection: sqlite3.Connection) -> Rename | None:
    """Return the rename that was cut off, None where all are complete."""
    found = connection.execute(_UNDER_WAY).fetchone()
    return None if found is None else Rename(*found)


def is_last(connection: sqlite3.Connection, rename: Rename) -> bool:
    """Return whether this is what the users of the app were renamed to last."""
    found: tuple[str] | None = connection.execute(_LAST, (rename.app_id,)).fetchone()
    return found == (rename.prefix,)


def begin(connection: sqlite3.Connection, rename: Rename) -> None:
    """Say that a rename is under way. No other is."""
    connection.execute(_BEGIN, rename)


def complete(connection: sqlite3.Connection) -> None:
    """Say that the one that is under way is complete."""
    connection.execute(_COMPLETE)


def check_complete(connection: sqlite3.Connection, path: Path, *, but: Rename | None = None) -> None:
    """Raise `StoreError`, with what to run, where a rename was cut off, unless it is `but`.

    To a server, half of the users would be others than they are.
    """
    rename = under_way(connection)
    if rename is not None and rename != but:
        names = f"--app {shlex.quote(rename.app_id)} --prefix {shlex.quote(rename.prefix)}"
        raise StoreError(
            f"the users of the app {rename.app_id} in {path} are being renamed, and not all have their new "
            f"ids; run `unisono-server rename-users {names} --yes` on it first, which goes on with it"
        )
