"""Reads the events of a device, at once or late, and makes of them what the device holds."""

from dataclasses import dataclass, field

from unisono.client import ChangeType, Event, Events, Notification


def poll(events: Events) -> list[Event]:
    """Return the events that an iterator has ready, without waiting for more."""
    found: list[Event] = []
    while True:
        step = events.__anext__()
        try:
            step.send(None)
        except StopIteration as ready:
            found.append(ready.value)
        else:
            step.close()
            return found


@dataclass(slots=True)
class Reader:
    """A reader of a device's events, with the state that it makes of them alone, and the rings it is owed."""

    events: Events
    held: dict[str, Notification] = field(default_factory=dict)
    last: int = 0
    #: False once a device that began at the END was shown all that was before.
    in_order: bool = True
    #: What waits with a ring, by id, and the revision of its last event.
    owed: dict[str, int] = field(default_factory=dict)

    def read(self) -> list[Event]:
        found = poll(self.events)
        for event in found:
            self._take(event)
        return found

    def _take(self, event: Event) -> None:
        row = event.notification
        if event.change_type is not ChangeType.UNSPECIFIED and self.in_order:
            assert event.revision > self.last, "events out of order, or one twice"
            self.last = event.revision
        if event.removed:
            assert not event.ring, "a ring for what is gone"
            self.held.pop(row.id, None)
        else:
            self.held[row.id] = row
            assert not event.ring or row.counts_as_unread, "a ring for what was handled"

    def owe(self, event: Event) -> None:
        """Note what an event that waits means for the rings: one that was handled rings no more."""
        id_ = event.notification.id
        if event.ring or id_ in self.owed:
            self.owed[id_] = event.revision
        if event.removed or not event.notification.counts_as_unread:
            self.owed.pop(id_, None)

    def owe_one(self) -> None:
        """After a stall the newest of all that waits rings."""
        self.owed = dict(sorted(self.owed.items(), key=lambda owed: owed[1])[-1:])
