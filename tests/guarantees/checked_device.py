"""A device that records its complete points, and checks all promises of streams against the feed."""

from dataclasses import dataclass, field

from tests.guarantees.record import Record
from tests.support.devices import Device, DeviceModel
from tests.support.nodes import Running
from unisono.server.api.convert import messages
from unisono.server.clock import Clock
from unisono.server.model import Audience, FeedKey, Notification, Platform
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2

ADA = FeedKey("mail.test", "ada")


@dataclass(slots=True, kw_only=True)
class Snapshot:
    """The state of a device at a complete point, or with `anew`, that it discarded everything.

    `time` is in milliseconds since 1970; `rung` is how many alerts had rung by then.
    """

    revision: int = 0
    time: int = 0
    unread_count: int = 0
    notifications: dict[str, notification_pb2.Notification] = field(default_factory=dict)
    rung: int = 0
    anew: bool = False
    #: The last revision of the feed before the stream was requested, and when it opened.
    began: tuple[int, int] = (0, 0)


@dataclass(kw_only=True)
class StreamHistory(DeviceModel):
    """The state of a device with its past complete points; fails when a message breaks a promise."""

    record: Record
    feed: FeedKey
    clock: Clock
    points: list[Snapshot] = field(default_factory=list)
    asked_at: int = 0
    last_event: int = 0

    def apply(self, message: pb.SubscribeResponse) -> None:
        if message.HasField("welcome") and not message.welcome.resumed:
            self.last_event = 0
            began = (self.asked_at, self.record.last(self.feed))
            self.points.append(Snapshot(anew=True, began=began, rung=len(self.rung)))
        for event in message.event_batch.events:
            assert event.revision > self.last_event, "an event out of order or twice"
            self.last_event = event.revision
        assert message.welcome.session_id or message.revision >= self.revision, "a position went back"
        super().apply(message)
        if message.complete:
            assert message.revision >= self.last_event, "complete, and an event is ahead"
            self.points.append(
                Snapshot(
                    revision=message.revision,
                    time=self.clock.now(),
                    unread_count=message.unread_count,
                    notifications=dict(self.notifications),
                    rung=len(self.rung),
                )
            )


class CheckedDevice(Device):
    """A device of Ada, on a node whose changes are recorded."""

    def __init__(self, node: Running, record: Record, endpoint_id: str, platform: Platform) -> None:
        self.past = StreamHistory(record=record, feed=ADA, clock=node.setup.clock)
        super().__init__(node.user(), endpoint_id, self.past)
        self._audience = Audience(endpoint_id, platform)

    def open(self, **request: object) -> None:
        self.past.asked_at = self.past.record.last(self.past.feed)
        self.error = None
        super().open(platform=int(self._audience.platform), **request)

    def check(self) -> int:
        """Check all complete points, and return their number. Raises `AssertionError` where one is wrong."""
        if self.fault is not None:
            raise self.fault
        assert len(set(self.past.rung)) == len(self.past.rung), "a ring was repeated"
        quiet, owing, rung = 0, 0, 0
        for point in self.past.points:
            if point.anew:
                quiet, owing = point.began
            else:
                self._check_state(point)
                self._check_rings(point, quiet, owing, rung)
                quiet = owing = point.revision
            rung = point.rung
        return sum(not point.anew for point in self.past.points)

    def _truth(self, point: Snapshot) -> dict[str, Notification]:
        return self.past.record.at(self.past.feed, point.revision, self._audience)

    def _check_state(self, point: Snapshot) -> None:
        truth = self._truth(point)
        wanted = {id_: messages.notification(row) for id_, row in truth.items()}
        assert point.notifications == wanted, f"at {point.revision} it is not the state of the store"
        assert point.unread_count == sum(row.counts_as_unread for row in truth.values())

    def _check_rings(self, point: Snapshot, quiet: int, owing: int, before: int) -> None:
        """Check that no alert up to `quiet` rang, and that all after `owing` that are due did."""
        rung = self.past.rung[: point.rung]
        assert all(revision > quiet for _, revision in rung[before:]), "a ring for what was settled"
        ringing = [row for row in self._truth(point).values() if point.time < row.rings_until]
        due = {(row.id, row.alert_revision) for row in ringing if row.alert_revision > owing}
        assert due <= set(rung), f"at {point.revision} a ring is lost"
