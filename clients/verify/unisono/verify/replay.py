"""Replays the streams of each device by the rules of docs/devices.md: what it holds, and what rang.

A device that resumes from a position holds what it held there, also when it had been further since: its
process may have been killed before it saved more.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.verify.feeds import FeedKey, counts_as_unread, feed_followed
from unisono.verify.history import History, Stream, TimedMessage

#: An `app_notification_id` and the `SenderRole` that it is unique for.
Key = tuple[str, int]


@dataclass(slots=True)
class ReplayState:
    """The state of a device between two messages: the notifications that it holds, by id, and what rang.

    `settled` is the revision of its last complete point, -1 before the first. `start_revision` is where a
    device began that did not begin with all of the feed: it may lack what has not changed since. It is 0
    for a device that has all, and -1 until the first complete point of one that began at the end.
    """

    rows: dict[str, pb.Notification] = field(default_factory=dict)
    #: How many of the rows count as unread, and the ids of those that have a key.
    unread_count: int = 0
    ids_by_key: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    #: Id and alert revision of each alert received.
    rung_alerts: set[tuple[str, int]] = field(default_factory=set)
    settled: int = -1
    start_revision: int = 0
    #: Ids of the notifications that have changed since the last complete point.
    changed_ids: set[str] = field(default_factory=set)
    #: Alert revisions, by id, that need not ring any more although no complete point came: see `break_off`.
    possibly_settled: dict[str, int] = field(default_factory=dict)
    #: Whether there was no complete point since the device started from nothing.
    resetting: bool = True

    def apply(self, message: feed_pb.SubscribeResponse) -> None:
        """Apply a message as a device does. A complete point also needs `settle`, after it was judged."""
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
        """Pass a complete point at this revision: what changed before it is no longer pending."""
        if self.resetting and self.start_revision < 0:
            self.start_revision = revision
        self.settled, self.resetting = revision, False
        self.changed_ids.clear()
        self.possibly_settled.clear()

    def break_off(self, message: feed_pb.SubscribeResponse) -> None:
        """Continue on another stream from the position of `message`, the last one of the stream before.

        The last batch of a catch-up has the position of the complete point that follows it, and a device
        cannot know which batch is the last. So notifications that were handled by then may be past a complete
        point for the server, and need not ring any more.
        """
        if message.complete or not message.event_batch.events:
            return
        for id_ in self.changed_ids & self.rows.keys():
            if not counts_as_unread(self.rows[id_]):
                self.possibly_settled[id_] = self.rows[id_].alert_revision


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayStep:
    """One received message, and the device's state with it applied, but not yet settled at a complete point.

    `first` is whether the message is the first of its stream.
    """

    stream: Stream
    received: TimedMessage
    state: ReplayState
    first: bool

    @property
    def message(self) -> feed_pb.SubscribeResponse:
        """Return the message without its time."""
        return self.received.message


@dataclass(slots=True, kw_only=True)
class DeviceReplay:
    """All streams of one endpoint, in the order in which they began.

    `platform` is a number of the proto's `Platform`, 0 when no stream gave one.
    """

    feed: FeedKey
    endpoint_id: str
    platform: int
    streams: list[Stream]

    def steps(self) -> Iterator[ReplayStep]:
        """Replay the streams: yield one step for each message, in the order in which they were received.

        The state is reused: it is valid until the next step. Each call replays from the beginning.
        """
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

    def complete_at(self, time: float) -> int:
        """Return the revision of the last complete point that the device received by then; -1 without one."""
        told = [
            received.message.revision
            for stream in self.streams
            for received in stream.messages
            if received.message.complete and received.time <= time
        ]
        return told[-1] if told else -1

    def _state_at(self, request: feed_pb.SubscribeRequest, before: int) -> ReplayState:
        """Return the state of a device that starts as requested: empty, or as at the token's message."""
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
        # The token is of a list, or from before the history began: what the device held then is unknown.
        return ReplayState(start_revision=-1)


def key_of(row: pb.Notification) -> Key:
    """Return the key of a notification; its first part is empty for one without `app_notification_id`."""
    return row.app_notification_id, row.sender_role


def replays_of(history: History) -> list[DeviceReplay]:
    """Return a replay for each device of a history, that is feed and endpoint, in the order of arrival."""
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
