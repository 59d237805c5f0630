"""A migration that says it is additive is one: a server of before finds everything as it was."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract import older_files
from tests.contract.additive import changes_for_others
from tests.support import release_before
from unisono.server.store.sqlite import migrations, schema
from unisono.server.store.sqlite.migrations import Migration

VERSIONS = {schema.OLDEST + n: migration for n, migration in enumerate(migrations.MIGRATIONS)}
ADDITIVE = [version for version, made in VERSIONS.items() if made.compatible_from is None]


def noticed(path: Path, before: int, migration: Migration) -> list[str]:
    """What a server of the version before notices of a migration."""
    older_files.make(path, before)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return changes_for_others(connection, migration)


@pytest.mark.parametrize("version", ADDITIVE)
def test_what_is_said_to_be_additive_changes_nothing_for_others(tmp_path: Path, version: int) -> None:
    assert noticed(tmp_path / "unisono.db", version - 1, VERSIONS[version]) == []


def test_a_server_of_the_release_before_may_use_what_this_one_makes(tmp_path: Path) -> None:
    older_files.make(tmp_path / "unisono.db", schema.latest())
    with closing(sqlite3.connect(tmp_path / "unisono.db")) as connection:
        assert schema.compatible_from(connection) <= release_before.STORE_VERSION


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("ALTER TABLE notifications ADD COLUMN another TEXT NOT NULL DEFAULT ''", []),
        ("ALTER TABLE feeds ADD COLUMN checked INTEGER", []),
        ("CREATE TABLE later (feed INTEGER PRIMARY KEY) STRICT", []),
        ("CREATE INDEX feeds_endpoints ON feeds (endpoints)", []),
        ("ALTER TABLE feeds DROP COLUMN endpoints", ["feeds is another", "rows of feeds are others"]),
        ("ALTER TABLE feeds RENAME COLUMN size TO bytes", ["feeds is another", "rows of feeds are others"]),
        ("ALTER TABLE targets RENAME TO policies", ["targets is gone", "rows of targets are others"]),
        ("DROP INDEX notifications_settled", ["notifications_settled is gone"]),
        ("ALTER TABLE feeds ADD COLUMN a INTEGER CHECK (a > 0)", ["feeds refuses rows"]),
        ("ALTER TABLE endpoints ADD COLUMN a INTEGER REFERENCES feeds", ["endpoints refuses rows"]),
        ("CREATE UNIQUE INDEX one ON feeds (user_id)", ["one refuses rows"]),
        ("CREATE TABLE later (feed INTEGER REFERENCES feeds)", ["later keeps rows from being deleted"]),
        ("CREATE TRIGGER t AFTER DELETE ON feeds BEGIN SELECT 1; END", ["t is a trigger"]),
        ("CREATE VIEW v AS SELECT 1", ["v is a view"]),
        ("UPDATE notifications SET priority = 3 WHERE id = 'read'", ["rows of notifications are others"]),
        ("DELETE FROM endpoints WHERE endpoint_id = 'gone'", ["rows of endpoints are others"]),
        ("INSERT INTO bars (app_id, mark, until) VALUES ('', x'', 1)", ["rows of bars are others"]),
    ],
)
def test_what_is_not_additive_is_noticed(tmp_path: Path, statement: str, expected: list[str]) -> None:
    assert noticed(tmp_path / "unisono.db", schema.latest(), Migration(statements=(statement,))) == expected


def test_who_may_use_a_file_is_known_to_servers_that_look_at_nothing_else() -> None:
    """Up to version 10 there is no other version than `compatible_from`, and none is above its own."""
    named = {version: made.compatible_from for version, made in VERSIONS.items() if made.compatible_from}
    assert {version: usable for version, usable in named.items() if usable > version} == {}
    assert [VERSIONS[version].compatible_from for version in range(3, 11)] == [*range(3, 11)]


def test_a_migration_that_reads_all_notifications_says_so() -> None:
    reads = re.compile(r"INDEX \w+ ON notifications|UPDATE notifications|FROM notifications")
    silent = [
        version
        for version, made in VERSIONS.items()
        if any(reads.search(statement) for statement in made.statements) and not made.reads_notifications
    ]
    assert silent == [schema.OLDEST]
