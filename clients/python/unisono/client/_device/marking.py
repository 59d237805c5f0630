"""What a mark makes of a notification: the rules of MarkNotifications, as a device applies them by itself.

Pure. The server has the last word, and this only says earlier what it will say.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from google.protobuf.timestamp_pb2 import Timestamp

from unisono.client._model import Notification, ReadState, UserActionState
from unisono.v1 import notification_pb2 as pb
from unisono.v1.notification_service_pb2 import MarkNotificationsRequest

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: In ms since 1970: the last moment that every time zone can show.
_LAST: Final = int((datetime(9998, 12, 31, tzinfo=UTC) - _EPOCH).total_seconds()) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The state of a notification: numbers of the proto's enums, and `snooze_until` in ms since 1970."""

    read_state: int
    user_action_state: int
    action_id: str = ""
    snooze_until: int | None = None

    @classmethod
    def of(cls, row: pb.Notification) -> Self:
        """Return the state of a row; what it lacks is as every notification starts."""
        return cls(
            read_state=row.read_state or pb.READ_STATE_UNREAD,
            user_action_state=row.user_action_state or pb.USER_ACTION_STATE_NO_INTERACTION,
            action_id=row.action_id,
            snooze_until=_millis(row.snooze_until) if row.HasField("snooze_until") else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """The new state that a mark asks for; 0 leaves a part as it is. `snooze_until` is in ms since 1970."""

    read_state: int = 0
    user_action_state: int = 0
    action_id: str = ""
    snooze_until: int | None = None

    @classmethod
    def of(cls, request: MarkNotificationsRequest, *, ahead_of_wall: float = 0.0) -> Self:
        """Return what a saved request asks for. The end of its snooze is by the wall clock of this device,
        which the server's is ahead of by so many seconds.
        """
        until = _millis(request.snooze_until) + int(ahead_of_wall * 1000)
        return cls(
            read_state=request.read_state,
            user_action_state=request.user_action_state,
            action_id=request.action_id,
            snooze_until=until if request.HasField("snooze_until") else None,
        )

    def parts(self, *, read: bool, action: bool) -> Self:
        """Return the patch with only these parts: the read state, and the action with all that it has."""
        kept = self if action else replace(self, user_action_state=0, action_id="", snooze_until=None)
        return kept if read else replace(kept, read_state=0)


def outlasts(patch: Patch, expire_time: int) -> bool:
    """Return whether a notification expires before the snooze ends, or as it ends: then it is left alone."""
    return patch.snooze_until is not None and 0 < expire_time <= patch.snooze_until


def marked(state: State, patch: Patch, expire_time: int = 0) -> State:
    """Return the state after a mark. `expire_time` is the notification's, in ms since 1970; 0: never.

    What expires before its snooze ends is left alone. An action stays as it is where another was chosen
    before, and without an `action_id` where one was.
    """
    if outlasts(patch, expire_time):
        return state
    if patch.read_state:
        state = replace(state, read_state=patch.read_state)
    if not patch.user_action_state or (patch.action_id and state.action_id not in ("", patch.action_id)):
        return state
    stays = patch.user_action_state == pb.USER_ACTION_STATE_ACTIVATED and not patch.action_id
    return replace(
        state,
        user_action_state=patch.user_action_state,
        action_id=state.action_id if stays else patch.action_id,
        snooze_until=patch.snooze_until,
    )


def expire_time_of(row: pb.Notification) -> int:
    """Return when a row expires, in ms since 1970; 0 where it does not say."""
    return _millis(row.expire_time)


def in_state(shown: Notification, state: State) -> Notification:
    """Return a notification as users see it, in another state."""
    until = state.snooze_until
    return replace(
        shown,
        read_state=ReadState(state.read_state),
        user_action_state=UserActionState(state.user_action_state),
        action_id=state.action_id,
        snooze_until=None if until is None else _EPOCH + timedelta(milliseconds=min(max(until, 0), _LAST)),
    )


def _millis(stamp: Timestamp) -> int:
    return stamp.seconds * 1000 + stamp.nanos // 1_000_000
