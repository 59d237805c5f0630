"""Renames users of a store in a file of a test, and looks at what became of them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from tests.contract.backends import opened
from tests.contract.sqlite_files import a_store
from tests.support.builders import ALICE, an_endpoint, put_endpoints
from unisono.server.model import FeedKey
from unisono.server.store.base import StoreError
from unisono.server.store.renaming import Rename
from unisono.server.store.sqlite import plan_rename, rename_users

APP: Final = ALICE.app_id
TO_NEW: Final = Rename(APP, "new:")


def renamed(path: Path, rename: Rename = TO_NEW, *, keep_prefixed: bool = False) -> list[tuple[int, int]]:
    """Rename users, and return the progress that was told."""
    told: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        told.append((done, total))

    plan = rename_users(path, rename, tell, max_bytes=256, keep_prefixed=keep_prefixed)
    assert plan.possible(keep_prefixed=keep_prefixed)
    return told


async def a_store_of(path: Path, *ids: str, app_id: str = APP) -> None:
    """Make a store with these users."""
    async with opened(a_store(path)) as store:
        await put_endpoints(store, *(an_endpoint("phone", feed=FeedKey(app_id, id_)) for id_ in ids))


def ids_of(path: Path, app_id: str = APP) -> list[str]:
    statement = "SELECT user_id FROM feeds WHERE app_id = ? ORDER BY feed"
    with closing(sqlite3.connect(path)) as connection:
        return [id_ for (id_,) in connection.execute(statement, (app_id,))]


def refusal(path: Path, rename: Rename = TO_NEW) -> str:
    """Why neither a plan is made nor anything done."""
    with pytest.raises(StoreError) as planned:
        plan_rename(path, rename, max_bytes=256)
    with pytest.raises(StoreError) as raised:
        renamed(path, rename)
    assert str(planned.value) == str(raised.value)
    return str(raised.value)
