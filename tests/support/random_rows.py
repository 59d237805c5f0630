"""Draws random rows in which every field has every kind of value that it may have, also the largest."""

from random import Random

from unisono.server.clock import uuid7
from unisono.server.model import (
    EVERY_ENDPOINT,
    LARGEST_INTEGER,
    ChangeType,
    FeedKey,
    Notification,
    Platform,
    Priority,
    ReadState,
    SenderRole,
    TargetPolicy,
    UserActionState,
)

#: With a length of one byte on the wire, of two and of three.
TEXTS = ("", "a", "x" * 127, "x" * 128, "schön 🦉", "\u2028 \x7f", "🔔" * 64, "ü" * 8192)
#: The last millisecond that a timestamp can say: https://protobuf.dev/reference/protobuf/google.protobuf/.
LAST_TIME = 253_402_300_799_999
DAYS_30 = 30 * 24 * 3600 * 1000

LIVE = (ChangeType.CREATED, ChangeType.UPDATED, ChangeType.STATE_CHANGED)
REMOVALS = (ChangeType.DELETED, ChangeType.EXPIRED, ChangeType.DISPLACED)


class RandomRows:
    """Random rows and values of their fields, from a seeded source."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def text(self) -> str:
        return self.random.choice(TEXTS)

    def number(self, largest: int = LARGEST_INTEGER) -> int:
        """Draw a number from 1 to `largest`, as often small as large."""
        drawn = self.random.getrandbits(self.random.randint(1, largest.bit_length()))
        return min(max(drawn, 1), largest)

    def time(self) -> int:
        """Draw a time in milliseconds since 1970, with or without a fraction of a second."""
        some = self.random.choice((0, 1, 999, 1000, LAST_TIME, self.number(LAST_TIME)))
        return some if self.random.random() < 0.5 else some // 1000 * 1000

    def row(self, payload: bytes | None = None) -> Notification:
        """Draw a live row with this payload, or a tombstone of either kind, which has none."""
        pick = self.random.choice
        removal = pick((None, None, *REMOVALS))
        return Notification(
            feed=FeedKey(pick(TEXTS[1:]), pick(TEXTS[1:])),
            id=uuid7(self.number(2**48 - 1), self.random.getrandbits(74)),
            app_notification_id=self.text(),
            sender_role=pick(tuple(SenderRole)),
            fingerprint=self.random.randbytes(16),
            group_name=self.text(),
            category=self.text(),
            payload=None if removal else payload,
            priority=pick((*Priority, 99)),
            target=self.target(),
            display_time_to_live=pick((None, 1, 999, 1000, DAYS_30, self.number(DAYS_30))),
            expire_time=self.time(),
            read_state=pick(tuple(ReadState)),
            user_action_state=pick(tuple(UserActionState)),
            action_id=self.text(),
            snooze_until=pick((None, self.time())),
            create_time=self.time(),
            update_time=self.time(),
            alert_time=self.time(),
            revision=pick((self.number(), LARGEST_INTEGER)),
            create_revision=self.number(),
            content_revision=self.number(),
            alert_revision=pick((0, self.number(), LARGEST_INTEGER)),
            removal=removal,
        )

    def target(self) -> TargetPolicy:
        platforms = self.random.sample(tuple(Platform), self.random.randint(0, len(Platform)))
        some = (self.random.choice(TEXTS[1:7]), self.text() or "b")
        endpoint_ids = self.random.choice(((), some, [f"{n:0128}" for n in range(100)]))
        return self.random.choice((EVERY_ENDPOINT, TargetPolicy.of(platforms, endpoint_ids)))

    def change_type(self, row: Notification) -> ChangeType:
        """Draw the type of a change that may have led to this row."""
        return self.random.choice(LIVE) if row.removal is None else row.removal
