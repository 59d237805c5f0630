"""The state of a device after each of its messages, so that it can go back there."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.support.devices import DeviceModel
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2


@dataclass(kw_only=True)
class DeviceModelCopy(DeviceModel):
    """The state of a device that can be copied. It may lack what is not newer than `blind`, its beginning."""

    blind: int = 0

    def copy(self) -> "DeviceModelCopy":
        """Return a copy to continue from, without messages."""
        return replace(self, notifications=dict(self.notifications), rung=list(self.rung), messages=[])

    def is_at(self, revision: int) -> bool:
        """Return whether the device is complete at this revision, and at no later position."""
        return self.complete_revision == self.revision == revision

    def compare(self, last: int, live: Sequence[notification_pb2.Notification], unread_count: int) -> None:
        """Assert that the device holds what the service has for it, `live`, and is complete at `last`."""
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
        """Return a row without its payload, if the device may never have received that, and has not."""
        known = notification_pb2.Notification()
        known.CopyFrom(row)
        if self.blind and not (like or row).payload.ByteSize():
            known.ClearField("payload")
        return known


class DeviceHistory:
    """The past states of a device, and the present one, `held`."""

    def __init__(self) -> None:
        self.held = DeviceModelCopy()
        self._copies: list[DeviceModelCopy] = []

    def apply(self, message: pb.SubscribeResponse, *, from_end: bool) -> None:
        """Apply a message; `from_end` is whether its stream was requested from the END."""
        if message.HasField("welcome") and not message.welcome.resumed:
            self.held = DeviceModelCopy(blind=message.revision if from_end else 0)
        self.held.apply(message)
        self._copies.append(self.held.copy())

    def begin(self) -> None:
        """Discard the present state."""
        self.held = DeviceModelCopy()

    def rewind(self, number: int) -> None:
        """Go back to the state after an earlier message, as after the process was killed."""
        if self._copies:
            self.held = self._copies[number % len(self._copies)].copy()
