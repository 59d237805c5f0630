"""The commands that change a feed, each with the rows that it has to read."""

import hashlib
from dataclasses import replace
from typing import Final, Self

from unisono.server.core.decide.single import Single
from unisono.server.model import (
    FeedKey,
    Notification,
    Priority,
    ReadState,
    SenderRole,
    TargetPolicy,
    UserActionState,
)
from unisono.server.model.changer import by_endpoint, by_publisher
from unisono.server.model.value import value
from unisono.server.store.commit import ReadSet, Room, Scan, SendKey


@value(frozen=True, slots=True, kw_only=True)
class Ref:
    """Names a notification: by its id, or by its `app_notification_id` (`key`) where `id` is empty."""

    id: str = ""
    key: str = ""


@value(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, on which feed. `endpoint_id` is empty where no endpoint is named, as by publishers, of whom
    `client_id` says which.
    """

    feed: FeedKey
    role: SenderRole
    endpoint_id: str = ""
    client_id: str = ""

    @property
    def changed_by(self) -> str:
        """Who it is to what it changes; see `Notification.changed_by`."""
        if self.role is SenderRole.PUBLISHER:
            return by_publisher(self.client_id)
        return by_endpoint(self.endpoint_id) if self.endpoint_id else ""


@value(frozen=True, slots=True, kw_only=True)
class EncodedContent:
    """The content that a sender asks for, without key and target: None and empty mean "absent". Times are in
    milliseconds, `expire_time` since 1970.

    `payload` is encoded, and equal ones always in the same way, because `fingerprint` compares by it.
    """

    payload: bytes
    group_name: str = ""
    category: str = ""
    priority: int = Priority.UNSPECIFIED
    display_time_to_live: int | None = None
    expire_time: int | None = None


MIN_STEP: Final = 32
"""The fewest notifications that a step of a scan may take, however many others wait for its commit."""

#: Bytes of payload that take a commit about as long as one more row.
_ROW_BYTES: Final = 8 * 1024


@value(frozen=True, slots=True, kw_only=True)
class Send(Single):
    """Create a notification, with the id `new_id` if one is created.

    `key` is its `app_notification_id`, empty for none; `replace` allows to rewrite a live one that has the
    key and other content. A `silent` one does not ring. `fingerprint` is that of all of these. In a full
    feed, settled ones give way to make `room`; None: the send is refused there.
    """

    actor: Actor
    new_id: str
    key: str
    content: EncodedContent
    target: TargetPolicy
    replace: bool
    fingerprint: bytes
    silent: bool = False
    room: Room | None = None

    @property
    def feed(self) -> FeedKey:
        return self.actor.feed

    @property
    def rows(self) -> int:
        return 1 + len(self.content.payload) // _ROW_BYTES

    @property
    def read_set(self) -> ReadSet:
        sends = (SendKey(self.key, self.fingerprint),) if self.key else ()
        return ReadSet(feed=self.actor.feed, sends=sends, room=self.room)


@value(frozen=True, slots=True, kw_only=True)
class Update(Single):
    """Change content: the fields in `mask` (names of `EncodedContent`) get the values of `content`.

    A `silent` one does not ring. `expected_revision` is for compare-and-set; None allows any.
    """

    actor: Actor
    ref: Ref
    content: EncodedContent
    mask: frozenset[str]
    silent: bool = False
    expected_revision: int | None = None

    @property
    def feed(self) -> FeedKey:
        return self.actor.feed

    @property
    def read_set(self) -> ReadSet:
        return _named(self.actor.feed, (self.ref,), payload=True)


@value(frozen=True, slots=True, kw_only=True)
class StatePatch:
    """A change of state; None leaves a field as it is. `snooze_until`, in milliseconds since 1970, is set
    with `user_action_state` only, and then None clears it. `action_id` goes with ACTIVATED only.
    """

    read_state: ReadState | None = None
    user_action_state: UserActionState | None = None
    action_id: str = ""
    snooze_until: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class StateFilter:
    """A condition on the state of a notification; None, the default, lets any pass."""

    read_state: ReadState | None = None
    user_action_state: UserActionState | None = None

    def passes(self, row: Notification) -> bool:
        """Return whether the notification is in this state."""
        read = self.read_state in (None, row.read_state)
        return read and self.user_action_state in (None, row.user_action_state)


@value(frozen=True, slots=True, kw_only=True)
class Selecting:
    """A command about the notifications that `refs` name, or, if there is a `scan`, that it finds.

    It can be done in steps. What has newer content or a newer alert than `up_to_revision` is left alone;
    None leaves nothing alone. With `feed_epoch`, that of the feed where it began, it does nothing in another
    feed.
    """

    actor: Actor
    refs: tuple[Ref, ...] = ()
    scan: Scan | None = None
    up_to_revision: int | None = None
    feed_epoch: bytes | None = None

    @property
    def feed(self) -> FeedKey:
        return self.actor.feed

    @property
    def read_set(self) -> ReadSet:
        if self.scan is not None:
            return ReadSet(feed=self.actor.feed, scan=self.scan)
        return _named(self.actor.feed, self.refs)

    @property
    def rows(self) -> int:
        return len(self.refs) if self.scan is None else self.scan.limit

    def within(self, rows: int) -> Self:
        """Return the command with its scan limited to `rows`, but to no less than `MIN_STEP`.

        References are not limited. Another command has to go on where the scan stops.
        """
        if self.scan is None or rows >= self.scan.limit:
            return self
        limit = min(self.scan.limit, max(rows, MIN_STEP))
        return replace(self, scan=replace(self.scan, limit=limit))

    def begun_elsewhere(self, epoch: bytes) -> bool:
        """Return whether it began in another feed of the user than the one with this epoch."""
        return self.feed_epoch not in (None, epoch)

    def is_newer(self, row: Notification) -> bool:
        """Return whether the content or the alert of a row is newer than `up_to_revision`."""
        newest = max(row.content_revision, row.alert_revision)
        return self.up_to_revision is not None and newest > self.up_to_revision


@value(frozen=True, slots=True, kw_only=True)
class Mark(Selecting):
    """Change the state of notifications.

    `expected_revision` is for compare-and-set of a single reference. None allows any.
    """

    patch: StatePatch
    expected_revision: int | None = None


@value(frozen=True, slots=True, kw_only=True)
class DeleteMany(Selecting):
    """Withdraw those of the notifications that are in the state `where`."""

    where: StateFilter = StateFilter()


@value(frozen=True, slots=True, kw_only=True)
class Delete(Single):
    """Withdraw a notification. `expected_revision` is for compare-and-set; None allows any."""

    actor: Actor
    ref: Ref
    expected_revision: int | None = None

    @property
    def feed(self) -> FeedKey:
        return self.actor.feed

    @property
    def read_set(self) -> ReadSet:
        return _named(self.actor.feed, (self.ref,))


@value(frozen=True, slots=True, kw_only=True)
class ProcessDue(Single):
    """Expire a notification, or end its snooze, if that is due."""

    feed: FeedKey
    id: str

    @property
    def read_set(self) -> ReadSet:
        return ReadSet(feed=self.feed, ids=(self.id,))


Command = Send | Update | Mark | Delete | DeleteMany | ProcessDue


def fingerprint(content: EncodedContent, target: TargetPolicy, *, silent: bool = False) -> bytes:
    """Return the hash (16 bytes) that sends are compared by: of all that was requested.

    What the first version did not have adds nothing where it is absent: fingerprints that are stored stay.
    """
    parts: list[bytes] = []
    for part in (
        content.group_name,
        content.payload,
        int(content.priority),
        target.key,
        content.display_time_to_live,
        content.expire_time,
    ):
        if part is None:
            parts.append(b"-")
        else:
            raw = part if isinstance(part, bytes) else str(part).encode()
            parts.append(b"%d:%b" % (len(raw), raw))
    if content.category:
        category = content.category.encode()
        parts.append(b"category%d:%b" % (len(category), category))
    if silent:
        parts.append(b"silent")
    return hashlib.blake2b(b"".join(parts), digest_size=16).digest()


def _named(feed: FeedKey, refs: tuple[Ref, ...], *, payload: bool = False) -> ReadSet:
    return ReadSet(
        feed=feed,
        ids=tuple(ref.id for ref in refs if ref.id),
        keys=tuple(ref.key for ref in refs if not ref.id),
        payload=payload,
    )
