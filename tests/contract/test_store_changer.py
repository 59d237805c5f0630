"""Who made the last change of a row is read back, unless an older server has changed the row since."""

from pathlib import Path

from tests.contract.sqlite_files import a_store, execute
from tests.support.builders import ALICE, a_notification, a_tombstone, put
from unisono.server.model.changer import SERVICE, by_endpoint, by_publisher
from unisono.server.store.base import Store

#: What a server that does not know the columns does to a row: it names those that it knows.
BY_AN_OLDER_SERVER = "UPDATE notifications SET revision = 9, read_state = 2, update_time = 9 WHERE id = 'one'"


async def changed_by(store: Store, id_: str) -> str:
    (row,) = await store.find(ALICE, ids=[id_])
    return row.changed_by


async def test_it_is_that_of_the_last_change(store: Store) -> None:
    await put(store, a_notification("one", 1, changed_by=by_publisher("mail")))
    assert await changed_by(store, "one") == "publisher mail"

    await put(store, a_notification("one", 2, create_revision=1, changed_by=by_endpoint("phone")))
    assert await changed_by(store, "one") == "endpoint phone"

    await put(store, a_tombstone("one", 3, create_revision=1, changed_by=SERVICE))
    assert await changed_by(store, "one") == "service"


async def test_where_it_is_not_known_it_is_empty(store: Store) -> None:
    await put(store, a_notification("one", 1))
    assert await changed_by(store, "one") == ""


async def test_what_an_older_server_changed_is_not_the_change_of_who_was_there_before(tmp_path: Path) -> None:
    store = a_store(tmp_path / "unisono.db")
    await store.open()
    await put(
        store,
        *(a_notification(id_, n, changed_by="endpoint phone") for n, id_ in enumerate(("one", "two"), 1)),
    )
    await store.close()
    execute(tmp_path / "unisono.db", BY_AN_OLDER_SERVER)

    store = a_store(tmp_path / "unisono.db")
    await store.open()
    assert [await changed_by(store, id_) for id_ in ("one", "two")] == ["", "endpoint phone"]
    await store.close()
