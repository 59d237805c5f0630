"""Files as the servers of before made them, with rows in every state."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders import ALICE, BOB, NOW, a_payload
from unisono.server.model import Platform, TargetPolicy
from unisono.server.model import UserActionState as Action
from unisono.server.store.sqlite import migrations, schema

STORE_EPOCH, EPOCH, BOBS_EPOCH = b"of store", b"of alice", b"of bob's"
IOS = TargetPolicy.of([Platform.IOS], [])
PHONES = TargetPolicy.of([], ["phone", "tablet"])
DAY = 24 * 3600 * 1000

#: id, key, role, target, read state, action, revisions of creation and of the last change, removal
ROWS: tuple[tuple[Any, ...], ...] = (
    ("unread", "k1", 1, "", 1, 1, 1, 1, None),
    ("read", "", 1, "", 2, 2, 2, 9, None),
    ("dismissed", "", 1, "", 1, 3, 3, 10, None),
    ("snoozed", "k2", 2, "", 1, 4, 4, 11, None),
    ("for ios", "", 1, IOS.key, 1, 1, 5, 5, None),
    ("for ios, read", "", 1, IOS.key, 2, 1, 6, 12, None),
    ("for phones, read", "", 1, PHONES.key, 2, 1, 7, 13, None),
    ("deleted", "k1", 1, "", 1, 1, 8, 14, 4),
    ("deleted later", "k1", 1, IOS.key, 1, 1, 15, 16, 4),
    ("expired", "k1", 2, "", 1, 1, 17, 18, 5),
)
INSERT = """
    INSERT INTO notifications (feed, id, app_notification_id, sender_role, fingerprint, group_name, priority,
        target, expire_time, read_state, user_action_state, snooze_until, create_time, update_time,
        alert_time, revision, create_revision, content_revision, alert_revision, removal, rings_until,
        kept, payload)
    VALUES (?, ?, ?, ?, ?, '', 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)
    """


def payload(id_: str) -> bytes:
    return a_payload(f"title of {id_}")


def insert(connection: sqlite3.Connection, feed: int, row: tuple[Any, ...]) -> None:
    id_, key, role, target, read, action, created, revision, removal = row
    content = None if removal else payload(id_)
    snooze_until = NOW + DAY if action == Action.SNOOZED else None
    times = (NOW + 7 * DAY, read, action, snooze_until, NOW, NOW, NOW)
    revisions = (revision, created, created, created, removal)
    connection.execute(
        INSERT, (feed, id_, key, role, id_.encode(), target, *times, *revisions, b"kept", content)
    )


def make(path: Path, version: int) -> None:
    """Make a file as the server of this version made it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in migrations.MIGRATIONS[0].statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {schema.OLDEST}")
        connection.execute("INSERT INTO meta VALUES (?)", (STORE_EPOCH,))
        feeds = "INSERT INTO feeds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        unread = f'{{"": 1, "{IOS.key}": 1}}'
        connection.execute(feeds, (1, *ALICE, EPOCH, 18, 3, 7, 3, unread))
        connection.execute(feeds, (2, *BOB, BOBS_EPOCH, 0, 0, 0, 0, "{}"))
        for row in ROWS:
            insert(connection, 1, row)
        for endpoint_id, deleted in (("phone", None), ("gone", NOW)):
            values = (2, endpoint_id, 2, "", NOW, NOW, 0, "", deleted)
            connection.execute("INSERT INTO endpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[: version - schema.OLDEST + 1])
            schema.upgrade(connection, lambda *_: None)
