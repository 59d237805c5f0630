"""One mark of a device, from its making to its settling: what it names, what that was, what is to be sent.

A mark that was made offline, or whose stream ended before the answer came, names notifications, each with its
base (see `standing`). One that was made live is sent as the caller gave it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from unisono.client._device.marking import Patch
from unisono.client._device.standing import Base
from unisono.client._results import MarkResult
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import MarkNotificationsRequest

#: As many as a server takes in one request by default.
REFERENCES_AT_ONCE: Final = 500


class RefKey(NamedTuple):
    """A reference to a notification, by its id or by its sender's key."""

    id: str
    app_notification_id: str = ""

    @classmethod
    def of(cls, ref: pb.NotificationRef) -> "RefKey":
        """Return the reference of a message."""
        return cls(ref.id, ref.app_notification_id)

    def message(self) -> pb.NotificationRef:
        """Return the reference as a message."""
        if self.app_notification_id:
            return pb.NotificationRef(app_notification_id=self.app_notification_id)
        return pb.NotificationRef(id=self.id)


@dataclass(slots=True, eq=False, kw_only=True)
class Mark:
    """A mark with its number in the outbox.

    template: the request that is saved, without what it selects.
    refs, bases, weight: what it names; what of that was held, by id; how much of what may wait that takes.
    as_given: the request as it is sent while nothing has come between; None: by references.
    snooze_end, answer: on the clock of the loop; for the caller that waits.
    sent, reached: the references whose request was answered, and the feed's revision then, -1 before.
    answered: that revision, once all were.
    """

    number: int
    template: MarkNotificationsRequest
    patch: Patch
    refs: dict[RefKey, None]
    bases: dict[str, Base]
    as_given: MarkNotificationsRequest | None
    snooze_end: float | None
    answer: asyncio.Future[MarkResult | None] | None = None
    weight: int = field(init=False)
    sent: set[RefKey] = field(default_factory=set)
    reached: int = -1
    answered: int | None = None

    def __post_init__(self) -> None:
        """Weigh it as it was made."""
        self.weight = len(self.refs) + sum(map(len, self.bases.values()))

    @property
    def up_to_revision(self) -> int | None:
        """The revision after which content is left alone; None: none is."""
        return self.template.up_to_revision if self.template.HasField("up_to_revision") else None

    @property
    def by_references(self) -> MarkNotificationsRequest:
        """The request that is saved: of a group or all from before, as it was given."""
        return self.template if self.is_whole else _selecting(self.template, self.refs)

    @property
    def is_whole(self) -> bool:
        """Whether it is of a group or of all, as earlier versions saved them, without what was held."""
        return self.template.WhichOneof("selector") in ("group_name", "all")

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to send any more."""
        return self.as_given is None and not self.is_whole and not self.refs

    def unsent(self) -> Iterator[tuple[MarkNotificationsRequest, list[RefKey]]]:
        """Yield the requests to send, each with the references that it is about.

        References of which the same parts stand go together.
        """
        if self.as_given is not None or self.is_whole:
            yield self.as_given or self.template, list(self.refs)
            return
        together: dict[Patch, list[RefKey]] = {}
        for ref in self.refs:
            if ref not in self.sent:
                together.setdefault(self._standing(ref.id), []).append(ref)
        for patch, refs in together.items():
            left = iter(refs)
            while chunk := list(islice(left, REFERENCES_AT_ONCE)):
                yield _selecting(_of_parts(self.template, patch), dict.fromkeys(chunk)), chunk

    def effect_on(self, row: pb.Notification) -> Patch | None:
        """Return what it does to a row that it names; None: nothing.

        A row that was not held when it was made can have newer content than its user has seen.
        """
        if row.id in self.bases:
            return self._standing(row.id)
        seen = self.up_to_revision
        return self.patch if seen is None or row.revision <= seen else None

    def drop(self, ref: RefKey) -> None:
        """Name a notification no more."""
        self.refs.pop(ref, None)
        self.bases.pop(ref.id, None)

    def _standing(self, id_: str) -> Patch:
        base = self.bases.get(id_)
        return (
            self.patch if base is None else self.patch.parts(read=bool(base.read), action=bool(base.action))
        )


def names_of(row: pb.Notification) -> tuple[RefKey, ...]:
    """Return the references that mean a row."""
    by_key = RefKey("", row.app_notification_id)
    return (RefKey(row.id), by_key) if row.app_notification_id else (RefKey(row.id),)


def _selecting(template: MarkNotificationsRequest, refs: Mapping[RefKey, None]) -> MarkNotificationsRequest:
    request = MarkNotificationsRequest()
    request.CopyFrom(template)
    request.references.SetInParent()
    request.references.refs.extend(ref.message() for ref in refs)
    return request


def _of_parts(template: MarkNotificationsRequest, patch: Patch) -> MarkNotificationsRequest:
    """Return the request with only those parts of the new state that a patch has."""
    request = MarkNotificationsRequest()
    request.CopyFrom(template)
    if not patch.read_state:
        request.ClearField("read_state")
    if not patch.user_action_state:
        for name in ("user_action_state", "action_id", "snooze_until", "snooze_for"):
            request.ClearField(name)
    return request
