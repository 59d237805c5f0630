"""Draws random commands that often conflict: few keys, few contents, and the same rows again and again."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from tests.support.builders import a_payload
from unisono.server.core.decide.commands import (
    Actor,
    Command,
    Delete,
    DeleteMany,
    EncodedContent,
    Mark,
    ProcessDue,
    Ref,
    Send,
    StateFilter,
    StatePatch,
    Update,
    fingerprint,
)
from unisono.server.model import (
    EVERY_ENDPOINT,
    LARGEST_INTEGER,
    Audience,
    FeedKey,
    Limits,
    Notification,
    Platform,
    Priority,
    ReadState,
    SenderRole,
    TargetPolicy,
    UserActionState,
)
from unisono.server.model.notification import size_of
from unisono.server.store.commit import Room, Scan

LAPTOP = Audience("laptop", Platform.LINUX)
PHONE = Audience("phone", Platform.IOS)
KEYS = ("invoice", "meeting", "chat")
GROUPS = ("", "work", "home")
TARGETS = (
    EVERY_ENDPOINT,
    EVERY_ENDPOINT,
    TargetPolicy.of((Platform.LINUX,), ()),
    TargetPolicy.of((Platform.IOS,), ()),
    TargetPolicy.of((), ("laptop", "phone")),
    TargetPolicy.of((Platform.WEB,), ("phone",)),
)
MASKS = ("payload", "payload", "group_name", "category", "priority", "display_time_to_live", "expire_time")

Make = Callable[[Sequence[Notification], int], Command]


class RandomCommands:
    """Random commands to one feed, from a seeded source. Times are in milliseconds since 1970.

    With the `limits` that they are decided by, some of the sends make room.
    """

    def __init__(self, random: Random, feed: FeedKey, limits: Limits | None = None) -> None:
        self._random = random
        self._feed = feed
        self._limits = limits
        self._sent: list[Send] = []
        makers: dict[Make, int] = {
            self._send: 30,
            self._update: 14,
            self._mark_named: 30,
            self._mark_scanned: 4,
            self._delete: 10,
            self._delete_named: 3,
            self._delete_scanned: 1,
            self._process_due: 6,
        }
        self._makers, self._weights = list(makers), list(makers.values())

    def one(self, rows: Sequence[Notification], now: int) -> Command:
        """Draw a command, in most cases about one of the rows."""
        (make,) = self._random.choices(self._makers, self._weights)
        return make(rows, now)

    def _send(self, rows: Sequence[Notification], now: int) -> Send:
        keyed = [command for command in self._sent if command.key]
        if keyed and self._random.random() < 0.15:
            return self._remembered(self._random.choice(keyed))
        content, target = self._content(now), self._random.choice(TARGETS)
        silent = self._random.random() < 0.2
        return self._remembered(
            Send(
                actor=self._actor(),
                new_id="",
                key=self._random.choice((*KEYS, "", "", "")),
                content=content,
                target=target,
                replace=self._random.random() < 0.7,
                fingerprint=fingerprint(content, target, silent=silent),
                silent=silent,
                room=self._room(content, target, now),
            )
        )

    def _room(self, content: EncodedContent, target: TargetPolicy, now: int) -> Room | None:
        limits = self._limits
        if limits is None or self._random.random() < 0.5:
            return None
        size = size_of(content.payload, target)
        live, most = limits.live_notifications_per_feed, limits.feed_bytes
        return Room(size=size, max_live=live, max_bytes=most, now=now)

    def _remembered(self, command: Send) -> Send:
        """The command with a new id: so an earlier one that is sent again."""
        self._sent.append(replace(command, new_id=f"{self._feed.user_id}-{len(self._sent) + 1}"))
        return self._sent[-1]

    def _update(self, rows: Sequence[Notification], now: int) -> Update:
        ref, role = self._named(rows)
        return Update(
            actor=Actor(feed=self._feed, role=role),
            ref=ref,
            content=self._content(now),
            mask=frozenset(self._random.choices(MASKS, k=self._random.randint(1, 2))),
            silent=self._random.random() < 0.4,
            expected_revision=self._expected(rows, ref),
        )

    def _mark_named(self, rows: Sequence[Notification], now: int) -> Mark:
        refs = tuple(self._named(rows)[0] for _ in range(self._random.choice((1, 1, 1, 3))))
        return Mark(
            actor=self._actor(),
            patch=self._patch(now),
            refs=refs,
            up_to_revision=self._up_to(rows),
            expected_revision=self._expected(rows, refs[0]) if len(refs) == 1 else None,
        )

    def _mark_scanned(self, rows: Sequence[Notification], now: int) -> Mark:
        patch = self._patch(now)
        return Mark(actor=self._actor(), patch=patch, scan=self._scan(), up_to_revision=self._up_to(rows))

    def _delete(self, rows: Sequence[Notification], now: int) -> Delete:
        ref, _ = self._named(rows)
        return Delete(actor=self._actor(), ref=ref, expected_revision=self._expected(rows, ref))

    def _delete_named(self, rows: Sequence[Notification], now: int) -> DeleteMany:
        refs = tuple(dict.fromkeys(self._named(rows)[0] for _ in range(self._random.choice((1, 2, 3)))))
        where, up_to = self._where(), self._up_to(rows)
        return DeleteMany(actor=self._actor(), refs=refs, where=where, up_to_revision=up_to)

    def _delete_scanned(self, rows: Sequence[Notification], now: int) -> DeleteMany:
        where, up_to = self._where(), self._up_to(rows)
        return DeleteMany(actor=self._actor(), scan=self._scan(), where=where, up_to_revision=up_to)

    def _process_due(self, rows: Sequence[Notification], now: int) -> ProcessDue:
        due = [row for row in rows if row.live and min(row.expire_time, row.snooze_until or now + 1) <= now]
        some = due or rows
        return ProcessDue(feed=self._feed, id=self._random.choice(some).id if some else "unknown")

    def _actor(self) -> Actor:
        if self._random.random() < 0.6:
            return Actor(feed=self._feed, role=SenderRole.PUBLISHER)
        endpoint_id = self._random.choice((LAPTOP, PHONE)).endpoint_id
        return Actor(feed=self._feed, role=SenderRole.USER, endpoint_id=endpoint_id)

    def _content(self, now: int) -> EncodedContent:
        pick = self._random.choice
        return EncodedContent(
            payload=a_payload(pick("abcdefgh"), raw_content=pick((None, b"raw"))),
            group_name=pick(GROUPS),
            category=pick(("", "", "mention")),
            priority=pick(tuple(Priority)),
            display_time_to_live=pick((None, None, 3_000)),
            expire_time=pick((*(None,) * 7, now + 5_000, now + 60_000, now - 1)),
        )

    def _patch(self, now: int) -> StatePatch:
        action = self._random.choice((None, None, *UserActionState))
        snoozed = action is UserActionState.SNOOZED
        return StatePatch(
            read_state=self._random.choice((None, *ReadState) if action else tuple(ReadState)),
            user_action_state=action,
            action_id=self._random.choice(("", "reply", "archive"))
            if action is UserActionState.ACTIVATED
            else "",
            snooze_until=now + self._random.choice((2_000, 30_000)) if snoozed else None,
        )

    def _scan(self) -> Scan:
        return self._random.choice(
            (
                Scan(until=LARGEST_INTEGER),
                Scan(until=LARGEST_INTEGER, group_name="work"),
                Scan(until=LARGEST_INTEGER, audience=PHONE),
            )
        )

    def _where(self) -> StateFilter:
        return StateFilter(
            read_state=self._random.choice((None, None, *ReadState)),
            user_action_state=self._random.choice((None, None, *UserActionState)),
        )

    def _named(self, rows: Sequence[Notification]) -> tuple[Ref, SenderRole]:
        """A reference, mostly to something live, and a role that mostly may patch it."""
        live = [row for row in rows if row.live] or rows
        if not rows or self._random.random() < 0.05:
            return Ref(key=self._random.choice(KEYS)), self._random.choice(tuple(SenderRole))
        row = self._random.choice(rows if self._random.random() < 0.1 else live)
        if row.app_notification_id and self._random.random() < 0.3:
            return Ref(key=row.app_notification_id), row.sender_role
        return Ref(id=row.id), row.sender_role

    def _expected(self, rows: Sequence[Notification], ref: Ref) -> int | None:
        revisions = [row.revision for row in rows if row.id == ref.id]
        if not revisions or self._random.random() < 0.8:
            return None
        return revisions[0] - self._random.choice((0, 0, 1))

    def _up_to(self, rows: Sequence[Notification]) -> int | None:
        if not rows or self._random.random() < 0.8:
            return None
        return self._random.choice(rows).revision
