"""How long a device stays away: longer each time, until what was the matter is over."""

import pytest

from unisono.client import Backoff, ResumeTokenInvalid, Timing, Unauthenticated, Unavailable
from unisono.client._device.comeback import MAX_SHORT, Comeback
from unisono.client._device.reconnect import Reconnect

LOST = Reconnect(cause=Unavailable("lost"))
FORGOTTEN = Reconnect(cause=ResumeTokenInvalid("no such position"), refused=True, reset_position=True)
OLD = Reconnect(cause=Unauthenticated("old"), refused=True, new_token=True)


class Exact(Backoff):
    """Its delays are the number of failures, by a factor."""

    def delay(self, failures: int) -> float:
        return self.initial * failures


@pytest.fixture
def comeback() -> Comeback:
    comeback = Comeback(Timing(backoff=Exact(initial=1.0), refusal_backoff=Exact(initial=100.0)))
    comeback.began()
    return comeback


def test_failures_and_refusals_are_counted_apart(comeback: Comeback) -> None:
    refused = Reconnect(cause=Unauthenticated("no"), refused=True)
    delays = [comeback.delay(plan) for plan in (LOST, refused, LOST, refused)]
    assert delays == [1.0, 100.0, 2.0, 200.0]
    comeback.was_complete(resumed=False)
    assert [comeback.delay(plan) for plan in (LOST, refused)] == [1.0, 100.0]


def test_a_server_that_forgets_each_position_is_not_asked_for_everything_again_and_again(
    comeback: Comeback,
) -> None:
    """Each time is a catch-up from the beginning: that it was complete is no sign that positions are good."""
    delays = []
    for _ in range(3):
        delays.append(comeback.delay(FORGOTTEN))
        comeback.was_complete(resumed=False)
    assert delays == [100.0, 200.0, 300.0]
    comeback.was_complete(resumed=True)
    assert comeback.delay(FORGOTTEN) == 100.0


def test_the_first_token_that_is_refused_is_replaced_at_once(comeback: Comeback) -> None:
    assert [comeback.delay(OLD) for _ in range(3)] == [0.0, 100.0, 200.0]


def test_nobody_comes_back_at_once_for_ever(comeback: Comeback) -> None:
    """Not even with tokens that are good for a moment each, nor where a server asks for it."""
    now = Reconnect(cause=Unavailable("come"), delay=0.0)
    delays = []
    for plan in [now, OLD] * 3:
        comeback.began()
        delays.append(comeback.delay(plan))
        comeback.was_complete(resumed=True)
    assert delays == [*[0.0] * MAX_SHORT, 1.0, 2.0, 3.0]


def test_what_was_the_matter_before_a_standstill_is_not_counted(comeback: Comeback) -> None:
    comeback.delay(LOST)
    comeback.stood_still()
    assert comeback.delay(LOST) == 1.0
