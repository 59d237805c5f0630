"""Delays grow, are random, have a limit, and come on top of what the service asks for. Without a clock."""

import pytest

from unisono.client import Backoff, Unavailable

DRAWS = 200


def drawn(backoff: Backoff, failures: int) -> list[float]:
    return [backoff.delay(failures) for _ in range(DRAWS)]


@pytest.mark.parametrize(("failures", "longest"), [(1, 0.1), (2, 0.2), (5, 1.6), (8, 12.8), (9, 20.0)])
def test_delays_double_up_to_the_most(failures: int, longest: float) -> None:
    delays = drawn(Backoff(), failures)

    assert all(longest / 2 <= delay <= longest for delay in delays)


def test_any_number_of_failures_has_a_delay() -> None:
    assert all(10.0 <= delay <= 20.0 for delay in drawn(Backoff(), 100_000))


def test_clients_that_failed_together_do_not_come_back_together() -> None:
    delays = drawn(Backoff(), 5)

    assert len(set(delays)) == DRAWS
    assert max(delays) - min(delays) > 0.4


def test_what_the_service_asks_for_is_waited_for_and_then_some() -> None:
    """It asks everybody who was turned away for the same."""
    busy = Unavailable("too much to do", retry_delay=3.0)
    delays = [Backoff().delay_after(busy, 1) for _ in range(DRAWS)]

    assert all(3.05 <= delay <= 3.1 for delay in delays)
    assert len(set(delays)) == DRAWS


def test_without_such_a_wish_it_is_the_plain_delay() -> None:
    delays = [Backoff(initial=1.0).delay_after(Unavailable("gone"), 1) for _ in range(DRAWS)]

    assert all(0.5 <= delay <= 1.0 for delay in delays)
