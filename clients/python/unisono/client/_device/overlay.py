"""The own marks that a device's inbox does not show yet, laid over it: what a person sees has them at once.

Knows rows and marks, and nothing of connection and storage. A mark is laid over from when it is made until
the inbox has reached what the server made of it.
"""

from collections.abc import Iterable, Iterator

from unisono.client._device.inbox import Inbox
from unisono.client._device.marking import State, expire_time_of, in_state, marked
from unisono.client._device.pending_mark import Mark, RefKey, names_of
from unisono.client._model import Notification
from unisono.v1 import notification_pb2 as pb


class Overlay:
    """Marks by number, and the notifications that look different by them."""

    def __init__(self) -> None:
        self._marks: dict[int, Mark] = {}
        self._by_name: dict[RefKey, dict[int, Mark]] = {}
        self._laid: dict[str, Notification] = {}
        #: By how much each of those changes the unread count.
        self._counts: dict[str, int] = {}
        self._unread = 0
        self._under: tuple[Notification, ...] = ()
        self._merged: tuple[Notification, ...] | None = None

    def __len__(self) -> int:
        """The number of marks that are laid over."""
        return len(self._marks)

    def __iter__(self) -> Iterator[Mark]:
        """Iterate over the marks, in the order in which they were made."""
        return iter(tuple(self._marks.values()))

    def __contains__(self, mark: Mark) -> bool:
        """Return whether a mark is laid over."""
        return self._marks.get(mark.number) is mark

    def add(self, mark: Mark) -> None:
        """Lay a mark over all before it; `refresh` comes next."""
        self._marks[mark.number] = mark
        for name in mark.refs:
            self._by_name.setdefault(name, {})[mark.number] = mark

    def remove(self, mark: Mark) -> None:
        """Take a mark away; `refresh` comes next."""
        self._marks.pop(mark.number, None)
        for name in mark.refs:
            self._unname(mark, name)

    def drop(self, mark: Mark, name: RefKey) -> None:
        """Let a mark name a notification no more; `refresh` comes next."""
        mark.drop(name)
        self._unname(mark, name)

    def marks_named(self, name: RefKey) -> list[Mark]:
        """Return the marks that have a reference, in the order in which they were made."""
        return list(self._by_name.get(name, {}).values())

    def marks_on(self, row: pb.Notification) -> list[Mark]:
        """Return the marks that name a row, in the order in which they were made."""
        named = [self._by_name[name] for name in names_of(row) if name in self._by_name]
        if len(named) == 1:
            return list(named[0].values())
        marks = {number: mark for found in named for number, mark in found.items()}
        return [marks[number] for number in sorted(marks)]

    def states(self, row: pb.Notification) -> list[State]:
        """Return the state of a row, and then as each mark in turn makes it."""
        states = [State.of(row)]
        for mark in self.marks_on(row):
            patch = mark.effect_on(row)
            if patch is not None:
                states.append(marked(states[-1], patch, expire_time_of(row)))
        return states

    def lay_over(self, row: pb.Notification, shown: Notification) -> Notification:
        """Return a notification as it is shown, for its row and as users see that."""
        if not self._by_name:
            return shown
        first, *later = self.states(row)
        return shown if not later or later[-1] == first else in_state(shown, later[-1])

    def touched(self, inbox: Inbox, names: Iterable[RefKey]) -> list[str]:
        """Return the ids of what is held and has one of these names."""
        names = set(names)
        keys = {name.app_notification_id for name in names} - {""}
        by_key = (row.id for row in inbox.rows() if row.app_notification_id in keys) if keys else ()
        by_id = (name.id for name in names if inbox.row(name.id) is not None)
        return list(dict.fromkeys((*by_id, *by_key)))

    def shown(self, inbox: Inbox, id_: str) -> Notification | None:
        """Return a notification of the inbox as it is shown now; None where there is none."""
        return self._laid.get(id_) or inbox.shown(id_)

    def refresh(self, inbox: Inbox, ids: Iterable[str]) -> None:
        """Look again at these notifications, after inbox or marks have changed."""
        for id_ in ids:
            self._laid.pop(id_, None)
            self._unread -= self._counts.pop(id_, 0)
            row, stored = inbox.row(id_), inbox.shown(id_)
            if row is None or stored is None:
                continue
            laid = self.lay_over(row, stored)
            if laid is not stored:
                self._laid[id_] = laid
                self._counts[id_] = laid.counts_as_unread - stored.counts_as_unread
                self._unread += self._counts[id_]
        self._merged = None

    def unread_count(self, inbox: Inbox) -> int:
        """Return the unread count of the inbox as it is shown."""
        return max(0, inbox.unread_count + self._unread) if self._laid else inbox.unread_count

    def notifications(self, inbox: Inbox) -> tuple[Notification, ...]:
        """Return what the inbox has as it is shown, newest first."""
        under = inbox.notifications
        if not self._laid:
            return under
        if self._merged is None or under is not self._under:
            self._under = under
            self._merged = tuple(self._laid.get(row.id, row) for row in under)
        return self._merged

    def _unname(self, mark: Mark, name: RefKey) -> None:
        marks = self._by_name.get(name, {})
        marks.pop(mark.number, None)
        if not marks:
            self._by_name.pop(name, None)
