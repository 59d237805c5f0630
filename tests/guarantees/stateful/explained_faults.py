"""Faults of explanations, each of which tells one fact wrongly, and which the machine must find."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from unisono.server.api.convert import explanations
from unisono.server.core import explanation
from unisono.server.core.decide import removal
from unisono.server.core.decide.commands import Actor
from unisono.server.core.explanation import Ringing
from unisono.server.core.presence import Presence
from unisono.server.model import Endpoint, Notification, TargetPolicy
from unisono.server.store.sqlite import rows
from unisono.v1 import notification_pb2

Break = Callable[[pytest.MonkeyPatch], None]


def takes_everybody_for_a_target(patch: pytest.MonkeyPatch) -> None:
    right = explanation.delivery

    def wrong(row: Notification, endpoint: Endpoint) -> explanation.Delivery:
        return right(replace(row, target=TargetPolicy()), endpoint)

    patch.setattr(explanation, "delivery", wrong)


def forgets_what_is_not_saved_yet(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Presence, "merged", lambda _, endpoint, __: endpoint)


def claims_that_it_has_the_last_change(patch: pytest.MonkeyPatch) -> None:
    right = explanation.delivery

    def wrong(row: Notification, endpoint: Endpoint) -> explanation.Delivery:
        return right(replace(row, revision=row.create_revision), endpoint)

    patch.setattr(explanation, "delivery", wrong)


def lets_what_is_over_ring(patch: pytest.MonkeyPatch) -> None:
    right = explanation.ringing

    def wrong(row: Notification, now: int) -> Ringing:
        return right(replace(row, display_time_to_live=None), now)

    patch.setattr(explanation, "ringing", wrong)


def takes_a_silent_one_for_loud(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(explanation, "silent", lambda row: row.content_revision != row.create_revision)


def names_every_device_the_backend(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Actor, "changed_by", property(lambda actor: f"publisher {actor.client_id}"))


def names_nobody_who_withdraws(patch: pytest.MonkeyPatch) -> None:
    right = removal.remove

    def wrong(*args: Any) -> Notification:
        return right(*args[:4])

    patch.setattr(removal, "remove", wrong)


def keeps_who_was_there_before(patch: pytest.MonkeyPatch) -> None:
    """Only what is created names somebody."""
    right = rows.state_values

    def wrong(row: Notification, encoded: bytes) -> tuple[Any, ...]:
        *values, by, revision = right(row, encoded)
        return (*values, by if revision == row.create_revision else "service", revision)

    patch.setattr("unisono.server.store.sqlite.commit.state_values", wrong)


def swaps_the_roles(patch: pytest.MonkeyPatch) -> None:
    right = explanations.notification

    def wrong(row: Notification, *more: Any) -> Any:
        message = right(row, *more)
        message.sender_role = notification_pb2.SenderRole.ValueType(3 - message.sender_role)
        return message

    patch.setattr(explanations, "notification", wrong)


FAULTS: Sequence[Break] = (
    takes_everybody_for_a_target,
    forgets_what_is_not_saved_yet,
    claims_that_it_has_the_last_change,
    lets_what_is_over_ring,
    takes_a_silent_one_for_loud,
    names_every_device_the_backend,
    names_nobody_who_withdraws,
    keeps_who_was_there_before,
    swaps_the_roles,
)
