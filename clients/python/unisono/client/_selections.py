"""The requests about many notifications: what they select, and the new state that a mark gives."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from unisono.client import _arguments, _convert
from unisono.client._model import ReadState, UserActionState
from unisono.client._refs import Refs, refs
from unisono.v1 import notification_service_pb2 as pb


class State(TypedDict, total=False):
    """The keywords of a new state. What is left out stays; at least one of the first two is needed.

    read_state, user_action_state: the new states. Any action state but SNOOZED ends a snooze.
    action_id: only with ACTIVATED and for what is named: which action the user chose, at most 64 bytes. The
        first one stays: what has another already is skipped.
    snooze_until: only with SNOOZED: when it comes back unread and rings, an aware datetime in the future.
        Without it and snooze_for, it does not come back by itself. What expires before it is skipped.
    snooze_for: instead of snooze_until: after how long, at most 30 days, by the clock of the server.
    up_to_revision: skip what has newer content or a newer alert than this revision of the feed, which
        the user cannot have seen.
    """

    read_state: ReadState
    user_action_state: UserActionState
    action_id: str
    snooze_until: datetime
    snooze_for: timedelta
    up_to_revision: int


@dataclass(frozen=True, slots=True)
class Everything:
    """Selects all notifications of the feed; for a device, all that are meant for it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Selects all notifications of the feed with this group name, which must not be empty."""

    group_name: str


Selector = Refs | Group | Everything


def marking(
    user_id: str,
    selector: Selector,
    state: State,
    *,
    endpoint_id: str = "",
    expected_revision: int | None = None,
) -> pb.MarkNotificationsRequest:
    """Return the request of a mark.

    Raises `TypeError` for a wrong name or type, and `InvalidRequest` for a time without a zone.
    """
    _arguments.check("user_id", user_id, str)
    _arguments.check("selector", selector, Selector)
    _arguments.check("expected_revision", expected_revision, int | None)
    _arguments.check_options(state, State)
    request = pb.MarkNotificationsRequest(
        user_id=user_id,
        endpoint_id=endpoint_id,
        read_state=_convert.read_state_number(state.get("read_state", ReadState.UNSPECIFIED)),
        user_action_state=_convert.user_action_state_number(
            state.get("user_action_state", UserActionState.UNSPECIFIED)
        ),
        action_id=state.get("action_id", ""),
        snooze_until=_convert.timestamp("snooze_until", state.get("snooze_until")),
        snooze_for=_convert.duration(state.get("snooze_for")),
        up_to_revision=state.get("up_to_revision"),
        expected_revision=expected_revision,
    )
    _select(request, selector)
    return request


def deleting(
    user_id: str,
    selector: Selector,
    *,
    read_state: ReadState,
    user_action_state: UserActionState,
    up_to_revision: int | None,
    endpoint_id: str = "",
) -> pb.DeleteNotificationsRequest:
    """Return the request of a deletion of many. Raises `TypeError` for a wrong type."""
    _arguments.check("user_id", user_id, str)
    _arguments.check("selector", selector, Selector)
    _arguments.check("read_state", read_state, ReadState)
    _arguments.check("user_action_state", user_action_state, UserActionState)
    _arguments.check("up_to_revision", up_to_revision, int | None)
    request = pb.DeleteNotificationsRequest(
        user_id=user_id,
        endpoint_id=endpoint_id,
        read_state=_convert.read_state_number(read_state),
        user_action_state=_convert.user_action_state_number(user_action_state),
        up_to_revision=up_to_revision,
    )
    _select(request, selector)
    return request


def _select(request: pb.MarkNotificationsRequest | pb.DeleteNotificationsRequest, selector: Selector) -> None:
    """Set the selector of a request."""
    if isinstance(selector, Everything):
        request.all.SetInParent()
    elif isinstance(selector, Group):
        request.group_name = selector.group_name
    else:
        request.references.refs.extend(refs(selector))
