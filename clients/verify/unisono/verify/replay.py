"""Follows each device through its streams: what it holds, what rang, and its complete points.

A device that resumes holds what it held at that position, also when that was long ago: as after its
process was killed. Knows the rules of the contract for devices, and no promise.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.verify.feeds import FeedKey, counts_as_unread, feed_followed
from unisono.verify.history import History, Stream, TimedMessage

#: A key names one live notification for each role of senders.
Key = tuple[str, int]


@dataclass(slots=True)
class ReplayState:
    """What a device holds.

    `settled` is the revision of its last complete point, -1 before the first. What is not newer than
    `unseen` it may lack: it began later than that.
    """

    rows: dict[str, pb.Notification] = field(default_factory=dict)
    #: How many of the rows count for a badge, and the ids of those that have a key, by key and role.
    unread_count: int = 0
    ids_by_key: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    rung_alerts: set[tuple[str, int]] = field(default_factory=set)
    settled: int = -1
    start_revision: int = 0
    #: What has changed since the last complete point.
    changed_ids: set[str] = field(default_factory=set)
    #: The alerts that may have been settled since then, by id: see `broken_off`.
    possibly_settled: dict[str, int] = field(default_factory=dict)
    #: The net change of everything before has not been told yet.
    resetting: bool = True

    def apply(self, message: feed_pb.SubscribeResponse) -> None:
        """Take in a message, as a device does."""
        if message.HasField("welcome") and not message.welcome.resumed:
            for id_ in list(self.rows):
                self._remove(id_)
            self.resetting, self.settled = True, -1
        for event in message.event_batch.events:
            self._remove(event.notification_id)
            if not event.removed:
                self._hold(event.notification_id, event.notification)
            if event.alert:
                self.rung_alerts.add((event.notification_id, event.notification.alert_revision))

    def _hold(self, id_: str, row: pb.Notification) -> None:
        self.rows[id_] = row
        self.unread_count += counts_as_unread(row)
        if row.app_notification_id:
            self.ids_by_key[key_of(row)].add(id_)

    def _remove(self, id_: str) -> None:
        self.changed_ids.add(id_)
        row = self.rows.pop(id_, None)
        if row is not None:
            self.unread_count -= counts_as_unread(row)
            self.ids_by_key[key_of(row)].discard(id_)

    def settle(self, revision: int) -> None:
        """Go past a complete point."""
        if self.resetting and self.start_revision < 0:
            self.start_revision = revision
        self.settled, self.resetting = revision, False
        self.changed_ids.clear()
        self.possibly_settled.clear()

    def break_off(self, message: feed_pb.SubscribeResponse) -> None:
        """A stream is resumed from this message, after which it broke.

        The last batch of a catch-up has the position of the complete point that follows it. A device cannot
        know which is the last: what was handled by then may be settled, and need not ring any more.
        """
        if message.complete or not message.event_batch.events:
            return
        for id_ in self.changed_ids & self.rows.keys():
            if not counts_as_unread(self.rows[id_]):
                self.possibly_settled[id_] = self.rows[id_].alert_revision


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayStep:
    """A message as a device meets it: `state` has it applied; at a complete one, it is not settled yet."""

    stream: Stream
    received: TimedMessage
    state: ReplayState
    first: bool

    @property
    def message(self) -> feed_pb.SubscribeResponse:
        """The message."""
        return self.received.message


@dataclass(slots=True, kw_only=True)
class DeviceReplay:
    """All streams of one endpoint, in order."""

    feed: FeedKey
    endpoint_id: str
    platform: int
    streams: list[Stream]

    def steps(self) -> Iterator[ReplayStep]:
        """Every message. What is yielded is valid until the next."""
        state, last = ReplayState(), feed_pb.SubscribeResponse()
        for index, stream in enumerate(self.streams):
            if stream.request.resume_token and stream.request.resume_token == last.resume_token:
                state.break_off(last)
            else:
                state = self._state_at(stream.request, index)
            for number, received in enumerate(stream.messages):
                state.apply(received.message)
                yield ReplayStep(stream=stream, received=received, state=state, first=number == 0)
                if received.message.complete:
                    state.settle(received.message.revision)
                last = received.message

    def _state_at(self, request: feed_pb.SubscribeRequest, before: int) -> ReplayState:
        """What a device holds that starts there: nothing, or what it held when it was given the token."""
        fresh = ReplayState(start_revision=-1 if request.start_position == feed_pb.START_POSITION_END else 0)
        if not request.resume_token:
            return fresh
        state = ReplayState()
        for stream in self.streams[:before]:
            if not stream.request.resume_token:
                state = self._state_at(stream.request, 0)
            for received in stream.messages:
                state.apply(received.message)
                if received.message.complete:
                    state.settle(received.message.revision)
                if received.message.resume_token == request.resume_token:
                    state.break_off(received.message)
                    return state
        # It was given out for a list, or before the history began: what it held then is not known.
        return ReplayState(start_revision=-1)


def key_of(row: pb.Notification) -> Key:
    """What an `app_notification_id` is unique with."""
    return row.app_notification_id, row.sender_role


def replays_of(history: History) -> list[DeviceReplay]:
    """Every device that the history tells of."""
    replays: dict[tuple[FeedKey, str], DeviceReplay] = {}
    for stream in sorted(history.streams, key=lambda stream: stream.began):
        feed = feed_followed(stream)
        endpoint_id = stream.request.endpoint_id
        replay = replays.setdefault(
            (feed, endpoint_id), DeviceReplay(feed=feed, endpoint_id=endpoint_id, platform=0, streams=[])
        )
        replay.platform = replay.platform or stream.request.platform
        replay.streams.append(stream)
    return list(replays.values())
