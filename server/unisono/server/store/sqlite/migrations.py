"""The tables, as the statements that lead from each version of a file to the next.

What a migration may do, and in which release, `unisono.server.store.migrating` says. A column is added with a
default, so that no row is rewritten. An index has a version of its own: between two versions the log is
written back, so that it never holds more than one of them.
"""

from typing import Final

from unisono.server.model.value import value


@value(frozen=True, slots=True, kw_only=True)
class Migration:
    """The statements from one version to the next, which are executed as a whole.

    `compatible_from`: the oldest version whose servers may use the file afterwards; None for an additive
    migration, after which all may that did before. `reads_notifications`: the statements read all that are
    stored, and so take the longer the more there are.
    """

    statements: tuple[str, ...]
    compatible_from: int | None = None
    reads_notifications: bool = False


_FIRST: Final = (
    "CREATE TABLE meta (epoch BLOB NOT NULL) STRICT",
    # tombstones counts those of the feed, so that the feeds with too many are found at once.
    """CREATE TABLE feeds (
        feed INTEGER PRIMARY KEY,
        app_id TEXT NOT NULL,
        user_id TEXT NOT NULL,
        epoch BLOB NOT NULL,
        revision INTEGER NOT NULL,
        floor INTEGER NOT NULL,
        live INTEGER NOT NULL,
        tombstones INTEGER NOT NULL,
        unread TEXT NOT NULL,
        UNIQUE (app_id, user_id)
    ) STRICT""",
    "CREATE INDEX feeds_tombstones ON feeds (tombstones)",
    # The payload comes last: a statement that does not ask for it does not read its pages.
    """CREATE TABLE notifications (
        feed INTEGER NOT NULL REFERENCES feeds,
        id TEXT NOT NULL,
        app_notification_id TEXT NOT NULL,
        sender_role INTEGER NOT NULL,
        fingerprint BLOB NOT NULL,
        group_name TEXT NOT NULL,
        priority INTEGER NOT NULL,
        target TEXT NOT NULL,
        display_time_to_live INTEGER,
        expire_time INTEGER NOT NULL,
        read_state INTEGER NOT NULL,
        user_action_state INTEGER NOT NULL,
        snooze_until INTEGER,
        create_time INTEGER NOT NULL,
        update_time INTEGER NOT NULL,
        alert_time INTEGER NOT NULL,
        revision INTEGER NOT NULL,
        create_revision INTEGER NOT NULL,
        content_revision INTEGER NOT NULL,
        alert_revision INTEGER NOT NULL,
        removal INTEGER,
        rings_until INTEGER NOT NULL,
        kept BLOB NOT NULL,
        payload BLOB,
        CHECK ((removal IS NULL) = (payload IS NOT NULL)),
        CHECK (revision > create_revision OR (revision = create_revision AND removal IS NULL))
    ) STRICT""",
    "CREATE UNIQUE INDEX notifications_id ON notifications (id)",
    # A row that was never changed has the revision of its creation: one entry is its place in the history and
    # among the changes, and a send writes one page less.
    """CREATE UNIQUE INDEX notifications_history ON notifications (feed, create_revision)
        WHERE removal IS NULL""",
    """CREATE UNIQUE INDEX notifications_changed ON notifications (feed, revision)
        WHERE revision <> create_revision""",
    """CREATE INDEX notifications_key ON notifications (feed, app_notification_id)
        WHERE app_notification_id <> ''""",
    "CREATE INDEX notifications_expiry ON notifications (expire_time) WHERE removal IS NULL",
    """CREATE INDEX notifications_snooze ON notifications (snooze_until)
        WHERE removal IS NULL AND snooze_until IS NOT NULL""",
    "CREATE INDEX tombstones_revision ON notifications (feed, revision) WHERE removal IS NOT NULL",
    """CREATE INDEX tombstones_age ON notifications (update_time, feed, revision)
        WHERE removal IS NOT NULL""",
    """CREATE TABLE endpoints (
        feed INTEGER NOT NULL REFERENCES feeds,
        endpoint_id TEXT NOT NULL,
        platform INTEGER NOT NULL,
        display_name TEXT NOT NULL,
        create_time INTEGER NOT NULL,
        last_seen_time INTEGER NOT NULL,
        acknowledged_revision INTEGER NOT NULL,
        session_id TEXT NOT NULL,
        delete_time INTEGER,
        PRIMARY KEY (feed, endpoint_id)
    ) STRICT""",
    "CREATE INDEX endpoints_live ON endpoints (feed, create_time) WHERE delete_time IS NULL",
    "CREATE INDEX endpoints_seen ON endpoints (last_seen_time) WHERE delete_time IS NULL",
    "CREATE INDEX endpoints_deleted ON endpoints (delete_time) WHERE delete_time IS NOT NULL",
)

_BOUNDED: Final = (
    # A key has at most one live row for each role; tombstones are found as the newest, or by their content.
    # An insert writes one entry, as before; the others are written when a row is removed.
    "DROP INDEX notifications_key",
    """CREATE INDEX notifications_key ON notifications (feed, app_notification_id)
        WHERE removal IS NULL AND app_notification_id <> ''""",
    """CREATE INDEX tombstones_key ON notifications (feed, app_notification_id, sender_role, revision)
        WHERE removal IS NOT NULL AND app_notification_id <> ''""",
    """CREATE INDEX tombstones_content ON notifications (feed, app_notification_id, fingerprint)
        WHERE removal IS NOT NULL AND app_notification_id <> ''""",
    """CREATE INDEX endpoints_deleted_of_feed ON endpoints (feed, delete_time, endpoint_id)
        WHERE delete_time IS NOT NULL""",
    # The counts by target policy; feeds.targets is their number. Without a foreign key to check, SQLite
    # replaces a row in one step.
    """CREATE TABLE targets (
        feed INTEGER NOT NULL,
        target TEXT NOT NULL,
        live INTEGER NOT NULL,
        unread INTEGER NOT NULL,
        PRIMARY KEY (feed, target)
    ) WITHOUT ROWID, STRICT""",
    """INSERT INTO targets (feed, target, live, unread)
        SELECT feed, target, count(*), sum(read_state = 1 AND user_action_state NOT IN (3, 4))
        FROM notifications WHERE removal IS NULL AND target <> '' GROUP BY feed, target""",
    "ALTER TABLE feeds RENAME COLUMN unread TO unread_by_target",
    "ALTER TABLE feeds ADD COLUMN unread INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE feeds ADD COLUMN size INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE feeds ADD COLUMN targets INTEGER NOT NULL DEFAULT 0",
    """UPDATE feeds SET
        unread = ifnull((SELECT value FROM json_each(unread_by_target) WHERE key = ''), 0),
        size = ifnull((SELECT sum(length(payload) + length(target)) FROM notifications
            WHERE notifications.feed = feeds.feed AND removal IS NULL), 0),
        targets = (SELECT count(*) FROM targets WHERE targets.feed = feeds.feed)""",
    "ALTER TABLE feeds DROP COLUMN unread_by_target",
)

_CATEGORY_AND_ACTION: Final = (
    "ALTER TABLE notifications ADD COLUMN category TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE notifications ADD COLUMN action_id TEXT NOT NULL DEFAULT ''",
)

# What may give way in a full feed, the oldest first. Read for feeds only that a send would fill.
_SETTLED: Final = (
    """CREATE INDEX notifications_settled ON notifications (feed, create_revision)
        WHERE removal IS NULL AND (read_state = 2 OR user_action_state = 3) AND user_action_state <> 4""",
)

# NULL: not known, until the next commit that reads the endpoints of the feed counts them.
_ENDPOINT_COUNT: Final = ("ALTER TABLE feeds ADD COLUMN endpoints INTEGER",)

_RETURNING_ENDPOINTS: Final = (
    "ALTER TABLE endpoints ADD COLUMN may_return INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE endpoints ADD COLUMN registrations INTEGER NOT NULL DEFAULT 0",
)

_ERASURE: Final = (
    # Whether everything that was ever deleted from the file was overwritten, as older servers did not.
    "ALTER TABLE meta ADD COLUMN clean INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE bars (
        app_id TEXT NOT NULL,
        mark BLOB NOT NULL,
        until INTEGER NOT NULL,
        PRIMARY KEY (app_id, mark)
    ) WITHOUT ROWID, STRICT""",
    "CREATE INDEX bars_until ON bars (until)",
    # The marks are hashed with it: without the file they say nothing, and in another file they are others.
    "CREATE TABLE bar_key (key BLOB NOT NULL) STRICT",
    "INSERT INTO bar_key (key) VALUES (randomblob(32))",
)

_RENAMES: Final = (
    # What was put before the ids of an app's users, in order; one that is not complete goes on.
    """CREATE TABLE renames (
        rename INTEGER PRIMARY KEY,
        app_id TEXT NOT NULL,
        prefix TEXT NOT NULL,
        complete INTEGER NOT NULL
    ) STRICT""",
)

# Servers of before look at `user_version` alone, which is `compatible_from` now: see `schema`.
_VERSION: Final = ("ALTER TABLE meta ADD COLUMN version INTEGER NOT NULL DEFAULT 0",)

# An older server changes a row and leaves these as they were: then they are not of its revision.
_CHANGED_BY: Final = (
    "ALTER TABLE notifications ADD COLUMN changed_by TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE notifications ADD COLUMN changed_by_revision INTEGER NOT NULL DEFAULT 0",
)

# The `last_seen_time` of an endpoint that is ephemeral. An older server moves that alone, whatever the device
# is then: where the two differ, it is an ordinary one.
_EPHEMERAL: Final = (
    "ALTER TABLE endpoints ADD COLUMN ephemeral_seen_time INTEGER",
    # None of the rows that are there is in it, so the log has next to nothing of it.
    """CREATE INDEX endpoints_ephemeral ON endpoints (last_seen_time)
        WHERE ephemeral_seen_time IS NOT NULL AND delete_time IS NULL""",
)

MIGRATIONS: tuple[Migration, ...] = (
    Migration(statements=_FIRST, compatible_from=3),
    Migration(statements=_BOUNDED, compatible_from=4, reads_notifications=True),
    Migration(statements=_CATEGORY_AND_ACTION, compatible_from=5),
    Migration(statements=_SETTLED, compatible_from=6, reads_notifications=True),
    Migration(statements=_ENDPOINT_COUNT, compatible_from=7),
    Migration(statements=_RETURNING_ENDPOINTS, compatible_from=8),
    Migration(statements=_ERASURE, compatible_from=9),
    Migration(statements=_RENAMES, compatible_from=10),
    Migration(statements=_VERSION),
    Migration(statements=_CHANGED_BY),
    Migration(statements=_EPHEMERAL),
)
"""The migrations from each version to the next, the first from a new file. Not edited once released."""
