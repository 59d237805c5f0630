"""What a complete point makes of own marks: what has come back, and what others have decided since.

Knows rows and marks, and nothing of connection and storage.
"""

from dataclasses import dataclass, field

from unisono.client._device.inbox import Inbox
from unisono.client._device.inbox_changes import Received
from unisono.client._device.marking import State
from unisono.client._device.overlay import Overlay
from unisono.client._device.pending_mark import Mark, RefKey
from unisono.client._device.standing import Base, standing
from unisono.v1 import notification_pb2 as pb


@dataclass(slots=True, kw_only=True)
class Settlement:
    """What a complete point has changed of marks.

    done: answered ones that the inbox shows from then on, and of which nothing is left. changed: others that
    name less than before. touched: the ids of what may look different by that. given_way: how many
    notifications keep a newer decision of somebody else.
    """

    done: dict[int, Mark] = field(default_factory=dict)
    changed: dict[int, Mark] = field(default_factory=dict)
    touched: dict[str, None] = field(default_factory=dict)
    given_way: int = 0


def settle(overlay: Overlay, inbox: Inbox, received: Received, revision: int, *, synced: bool) -> Settlement:
    """Settle the marks for the complete point at `revision`, before it is applied to the inbox.

    `synced`: it is the first of a stream, and shows all that was answered before. The overlay is to be
    refreshed for what is touched once the point is applied.
    """
    settlement = Settlement()
    for mark in overlay:
        if mark.answered is not None and (synced or mark.answered <= revision):
            settlement.done[mark.number] = mark
            settlement.touched.update(dict.fromkeys(overlay.touched(inbox, mark.refs)))
            overlay.remove(mark)
    for id_ in _ids(overlay, received) if synced else received.rows:
        row = received.rows[id_] if id_ in received.rows else inbox.row(id_)
        for mark in overlay.marks_named(RefKey(id_)):
            base = mark.bases.get(id_)
            left = _left(mark, base, row, received) if base is not None else None
            if base is not None and left != base:
                settlement.given_way += row is not None and left is not None and _gave_way(base, left)
                settlement.changed[mark.number] = mark
                settlement.touched[id_] = None
                _rebase(overlay, mark, id_, left)
    for mark in overlay:
        if mark.is_over and mark.answered is None:
            settlement.done[mark.number] = mark
            overlay.remove(mark)
    return settlement


def _ids(overlay: Overlay, received: Received) -> dict[str, None]:
    ids: dict[str, None] = dict.fromkeys(received.rows)
    for mark in overlay:
        ids |= dict.fromkeys(mark.bases)
    return ids


def _rebase(overlay: Overlay, mark: Mark, id_: str, left: Base | None) -> None:
    if left is None:
        mark.bases.pop(id_)
    elif left:
        mark.bases[id_] = left
    else:
        overlay.drop(mark, RefKey(id_))


def _left(mark: Mark, base: Base, row: pb.Notification | None, received: Received) -> Base | None:
    """Return what is left of the base of a mark for a row, None for one that is gone.

    None: it has newer content than its user has seen, which only the server can tell for sure.
    """
    if row is None:
        return Base()
    seen, renewed = mark.up_to_revision, row.id in received.renewed
    if renewed and received.anew:
        # Revisions of before may mean nothing any more.
        return Base()
    if seen is not None and (row.alert_revision > seen or (renewed and row.revision > seen)):
        return None
    if mark.as_given is not None or mark.answered is not None:
        return base
    return standing(base, State.of(row), mark.patch)


def _gave_way(base: Base, left: Base) -> bool:
    return bool(base.read) > bool(left.read) or bool(base.action) > bool(left.action)
