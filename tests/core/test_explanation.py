"""What follows from what is kept of a notification, and what does not."""

from typing import Any

import pytest

from tests.support.builders import NOW, a_notification, a_tombstone, an_endpoint
from unisono.server.core.explanation import Reach, Receipt, Ringing, delivery, ringing, silent
from unisono.server.model import (
    Endpoint,
    Notification,
    Platform,
    ReadState,
    TargetPolicy,
    UserActionState,
)

TO_LINUX = TargetPolicy.of((Platform.LINUX,), ())
TO_PHONE = TargetPolicy.of((Platform.LINUX,), ("phone",))


def row(**fields: Any) -> Notification:
    values = {"expire_time": NOW + 100, "alert_time": NOW, "alert_revision": 5, "create_revision": 5}
    return a_notification("one", fields.pop("revision", 5), **{**values, **fields})


def phone(**fields: Any) -> Endpoint:
    return an_endpoint("phone", **{"create_time": NOW - 100, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Ringing.RINGS),
        ({"alert_revision": 0}, Ringing.SILENT),
        ({"read_state": ReadState.READ}, Ringing.READ),
        ({"user_action_state": UserActionState.ACTIVATED}, Ringing.RINGS),
        ({"user_action_state": UserActionState.DISMISSED}, Ringing.DISMISSED),
        ({"user_action_state": UserActionState.SNOOZED, "snooze_until": NOW + 9}, Ringing.SNOOZED),
        ({"display_time_to_live": 10}, Ringing.RINGS),
        ({"display_time_to_live": 10, "alert_time": NOW - 10}, Ringing.DISPLAY_ENDED),
        ({"expire_time": NOW}, Ringing.EXPIRED),
    ],
)
def test_what_rings_and_why_not(fields: dict[str, Any], expected: Ringing) -> None:
    assert ringing(row(**fields), NOW) is expected
    assert (expected is Ringing.RINGS) <= (row(**fields).rings_until > NOW)


def test_what_was_removed_rings_no_more() -> None:
    assert ringing(a_tombstone("one", 6), NOW) is Ringing.REMOVED


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, False),
        ({"revision": 9, "alert_revision": 5}, False),
        ({"alert_revision": 0, "content_revision": 5}, True),
        ({"revision": 9, "alert_revision": 9, "content_revision": 9}, None),
        ({"revision": 9, "alert_revision": 0, "content_revision": 9}, None),
        ({"revision": 9, "alert_revision": 9, "content_revision": 5}, None),
    ],
)
def test_whether_it_was_sent_silently_may_not_be_known(fields: dict[str, Any], expected: bool | None) -> None:
    assert silent(row(**fields)) is expected


@pytest.mark.parametrize(
    ("target", "endpoint", "expected"),
    [
        (TargetPolicy(), phone(), Reach.MEANT),
        (TO_LINUX, phone(), Reach.NOT_TARGETED),
        (TO_LINUX, phone(platform=Platform.LINUX), Reach.MEANT),
        (TO_PHONE, phone(), Reach.MEANT),
        (TargetPolicy(), phone(delete_time=NOW), Reach.ENDPOINT_DELETED),
        (TO_LINUX, phone(delete_time=NOW), Reach.NOT_TARGETED),
        (TargetPolicy(), phone(create_time=NOW), Reach.MEANT),
        (TargetPolicy(), phone(create_time=NOW + 1), Reach.REGISTERED_LATER),
    ],
)
def test_for_whom_it_is_meant_and_why_not(target: TargetPolicy, endpoint: Endpoint, expected: Reach) -> None:
    found = delivery(row(target=target), endpoint)
    assert found.reach is expected
    assert (found.receipt is None) is (expected in (Reach.NOT_TARGETED, Reach.ENDPOINT_DELETED))


@pytest.mark.parametrize(
    ("acknowledged", "expected"),
    [
        (0, Receipt.NOT_KNOWN),
        (4, Receipt.NOT_ACKNOWLEDGED),
        (5, Receipt.EARLIER_STATE),
        (8, Receipt.EARLIER_STATE),
        (9, Receipt.ACKNOWLEDGED),
        (10, Receipt.ACKNOWLEDGED),
    ],
)
def test_who_has_it(acknowledged: int, expected: Receipt) -> None:
    found = delivery(row(revision=9), phone(acknowledged_revision=acknowledged))
    assert found.receipt is expected
