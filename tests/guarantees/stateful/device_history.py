"""What a device holds, and what it held after each message, so that it can go back there. Knows no stream."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.support.devices import DeviceModel
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2


@dataclass(kw_only=True)
class DeviceModelCopy(DeviceModel):
    """What is not newer than `blind` it may lack: it began at the END, later than that."""

    blind: int = 0

    def copy(self) -> "DeviceModelCopy":
        """The same, to go on from."""
        return replace(self, notifications=dict(self.notifications), rung=list(self.rung), messages=[])

    def is_at(self, revision: int) -> bool:
        """Whether it is complete there."""
        return self.complete_revision == self.revision == revision

    def compare(self, last: int, live: Sequence[notification_pb2.Notification], unread_count: int) -> None:
        """Hold it against what the service has for the device."""
        assert self.is_at(last)
        assert self.unread_count == unread_count
        wanted = {row.id: row for row in live}
        assert not self.notifications.keys() - wanted.keys(), "a ghost"
        for id_ in wanted.keys() - self.notifications.keys():
            assert wanted[id_].revision <= self.blind, "something is missing"
        for id_, held in self.notifications.items():
            assert self._known(held) == self._known(wanted[id_], like=held)

    def _known(
        self, row: notification_pb2.Notification, like: notification_pb2.Notification | None = None
    ) -> notification_pb2.Notification:
        """A row without the payload, if the device may never have been told that, and was not."""
        known = notification_pb2.Notification()
        known.CopyFrom(row)
        if self.blind and not (like or row).payload.ByteSize():
            known.ClearField("payload")
        return known


class DeviceHistory:
    """Where a device has been; it is now at `held`."""

    def __init__(self) -> None:
        self.held = DeviceModelCopy()
        self._copies: list[DeviceModelCopy] = []

    def apply(self, message: pb.SubscribeResponse, *, from_end: bool) -> None:
        """Take in a message of a stream that was, or was not, asked for from the END."""
        if message.HasField("welcome") and not message.welcome.resumed:
            self.held = DeviceModelCopy(blind=message.revision if from_end else 0)
        self.held.apply(message)
        self._copies.append(self.held.copy())

    def begin(self) -> None:
        """Know nothing."""
        self.held = DeviceModelCopy()

    def rewind(self, number: int) -> None:
        """Be as after some earlier message: whatever came later is forgotten, as when a process is killed."""
        if self._copies:
            self.held = self._copies[number % len(self._copies)].copy()
