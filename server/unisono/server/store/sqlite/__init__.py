"""The store in one SQLite file, to which only one server writes."""

from unisono.server.store.sqlite.backup import backup, restore
from unisono.server.store.sqlite.copies import backup_into
from unisono.server.store.sqlite.migrate import migrate, plan_migration
from unisono.server.store.sqlite.renaming import plan_rename, rename_users
from unisono.server.store.sqlite.store import SqliteStore

__all__ = [
    "SqliteStore",
    "backup",
    "backup_into",
    "migrate",
    "plan_migration",
    "plan_rename",
    "rename_users",
    "restore",
]
