"""Follows each device through its streams: what it holds, what rang, and its complete points.

A device that resumes holds what it held at that position, also when that was long ago: as after its
process was killed. Knows the rules of the contract for devices, and no promise.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from unisono.v1 import feed_service_pb2 as feed_pb
from unisono.v1 import notification_pb2 as pb
from unisono.verify.feeds import FeedKey, feed_followed, waits
from unisono.verify.history import Heard, History, Stream

#: A key names one live notification for each role of senders.
Key = tuple[str, int]


@dataclass(slots=True)
class Holding:
    """What a device holds.

    `settled` is the revision of its last complete point, -1 before the first. What is not newer than
    `unseen` it may lack: it began later than that.
    """

    rows: dict[str, pb.Notification] = field(default_factory=dict)
    #: How many of the rows count for a badge, and the ids of those that have a key, by key and role.
    waiting: int = 0
    named: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    rung: set[tuple[str, int]] = field(default_factory=set)
    settled: int = -1
    unseen: int = 0
    #: What has changed since the last complete point.
    touched: set[str] = field(default_factory=set)
    #: The alerts that may have been settled since then, by id: see `broken_off`.
    handled: dict[str, int] = field(default_factory=dict)
    #: The net change of everything before has not been told yet.
    anew: bool = True

    def apply(self, message: feed_pb.SubscribeResponse) -> None:
        """Take in a message, as a device does."""
        if message.HasField("welcome") and not message.welcome.resumed:
            for id_ in list(self.rows):
                self._let_go(id_)
            self.anew, self.settled = True, -1
        for event in message.event_batch.events:
            self._let_go(event.notification_id)
            if not event.removed:
                self._hold(event.notification_id, event.notification)
            if event.alert:
                self.rung.add((event.notification_id, event.notification.alert_revision))

    def _hold(self, id_: str, row: pb.Notification) -> None:
        self.rows[id_] = row
        self.waiting += waits(row)
        if row.app_notification_id:
            self.named[key_of(row)].add(id_)

    def _let_go(self, id_: str) -> None:
        self.touched.add(id_)
        row = self.rows.pop(id_, None)
        if row is not None:
            self.waiting -= waits(row)
            self.named[key_of(row)].discard(id_)

    def settle(self, revision: int) -> None:
        """Go past a complete point."""
        if self.anew and self.unseen < 0:
            self.unseen = revision
        self.settled, self.anew = revision, False
        self.touched.clear()
        self.handled.clear()

    def broken_off(self, message: feed_pb.SubscribeResponse) -> None:
        """A stream is resumed from this message, after which it broke.

        The last batch of a catch-up has the position of the complete point that follows it. A device cannot
        know which is the last: what was handled by then may be settled, and need not ring any more.
        """
        if message.complete or not message.event_batch.events:
            return
        for id_ in self.touched & self.rows.keys():
            if not waits(self.rows[id_]):
                self.handled[id_] = self.rows[id_].alert_revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A message as a device meets it: `holding` has it applied; at a complete one, it is not settled yet."""

    stream: Stream
    heard: Heard
    holding: Holding
    first: bool

    @property
    def message(self) -> feed_pb.SubscribeResponse:
        """The message."""
        return self.heard.message


@dataclass(slots=True, kw_only=True)
class Life:
    """All streams of one endpoint, in order."""

    feed: FeedKey
    endpoint_id: str
    platform: int
    streams: list[Stream]

    def moments(self) -> Iterator[Moment]:
        """Every message. What is yielded is valid until the next."""
        holding, last = Holding(), feed_pb.SubscribeResponse()
        for index, stream in enumerate(self.streams):
            if stream.request.resume_token and stream.request.resume_token == last.resume_token:
                holding.broken_off(last)
            else:
                holding = self._held_at(stream.request, index)
            for number, heard in enumerate(stream.heard):
                holding.apply(heard.message)
                yield Moment(stream=stream, heard=heard, holding=holding, first=number == 0)
                if heard.message.complete:
                    holding.settle(heard.message.revision)
                last = heard.message

    def _held_at(self, request: feed_pb.SubscribeRequest, before: int) -> Holding:
        """What a device holds that starts there: nothing, or what it held when it was given the token."""
        fresh = Holding(unseen=-1 if request.start_position == feed_pb.START_POSITION_END else 0)
        if not request.resume_token:
            return fresh
        holding = Holding()
        for stream in self.streams[:before]:
            if not stream.request.resume_token:
                holding = self._held_at(stream.request, 0)
            for heard in stream.heard:
                holding.apply(heard.message)
                if heard.message.complete:
                    holding.settle(heard.message.revision)
                if heard.message.resume_token == request.resume_token:
                    holding.broken_off(heard.message)
                    return holding
        # It was given out for a list, or before the history began: what it held then is not known.
        return Holding(unseen=-1)


def key_of(row: pb.Notification) -> Key:
    """What an `app_notification_id` is unique with."""
    return row.app_notification_id, row.sender_role


def lives_of(history: History) -> list[Life]:
    """Every device that the history tells of."""
    lives: dict[tuple[FeedKey, str], Life] = {}
    for stream in sorted(history.streams, key=lambda stream: stream.began):
        feed = feed_followed(stream)
        endpoint_id = stream.request.endpoint_id
        life = lives.setdefault(
            (feed, endpoint_id), Life(feed=feed, endpoint_id=endpoint_id, platform=0, streams=[])
        )
        life.platform = life.platform or stream.request.platform
        life.streams.append(stream)
    return list(lives.values())
