"""How many calls a caller may make: counted for each by itself, with a held clock."""

from dataclasses import replace

import pytest

from tests.support.clocks import FakeClock
from unisono.server.core.access.principal import Principal, Scope
from unisono.server.core.admission import Admission, CallKind
from unisono.server.core.buckets import Buckets
from unisono.server.errors import RateLimited, Reason
from unisono.server.model import Limits

LIMITS = Limits(
    calls_in_flight=2,
    calls_per_second=4,
    subscribes_per_second=1,
    acknowledges_per_second=2,
    stranger_calls_per_second=2,
)
ADA = Principal(app_id="mail.test", user_id="ada", scopes=frozenset((Scope.READWRITE,)), expire_time=2**50)
BOB = replace(ADA, user_id="bob")
APP = replace(ADA, user_id="")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def admission(clock: FakeClock) -> Admission:
    return Admission(clock, LIMITS)


def begun(admission: Admission, principal: Principal, kind: CallKind) -> int:
    """How many calls may begin now."""
    for count in range(1000):
        try:
            admission.begin(principal, kind)
        except RateLimited:
            return count
    raise AssertionError("there is no limit")


@pytest.mark.parametrize(
    ("kind", "at_once"), [(CallKind.CALL, 4), (CallKind.SUBSCRIBE, 10), (CallKind.ACKNOWLEDGE, 2)]
)
def test_each_kind_of_call_has_a_rate_of_its_own(admission: Admission, kind: CallKind, at_once: int) -> None:
    assert begun(admission, ADA, kind) == at_once
    others = [other for other in CallKind if other is not kind]
    assert all(begun(admission, ADA, other) for other in others)


def test_it_is_counted_for_each_user_and_for_the_app_itself(admission: Admission) -> None:
    assert [begun(admission, who, CallKind.CALL) for who in (ADA, BOB, APP)] == [4, 4, 4]


def test_time_gives_back_what_was_used(admission: Admission, clock: FakeClock) -> None:
    begun(admission, ADA, CallKind.CALL)

    clock.advance(0.5)
    after_half = begun(admission, ADA, CallKind.CALL)
    clock.advance(1000)

    assert after_half == 2
    assert begun(admission, ADA, CallKind.CALL) == 4


def test_a_refusal_says_whose_which_limit_and_when_to_come_back(
    admission: Admission, clock: FakeClock
) -> None:
    begun(admission, ADA, CallKind.CALL)

    with pytest.raises(RateLimited) as raised:
        admission.begin(ADA, CallKind.CALL)

    assert raised.value.reason is Reason.RATE_LIMITED
    assert (raised.value.subject, raised.value.metadata) == ("user:ada", {"limit": "4"})
    assert raised.value.retry_delay == pytest.approx(0.25)
    clock.advance(raised.value.retry_delay + 0.001)
    admission.begin(ADA, CallKind.CALL)


def test_so_many_calls_are_under_way_and_no_more(admission: Admission) -> None:
    with admission.count_in_flight(ADA):
        with admission.count_in_flight(ADA):
            with pytest.raises(RateLimited) as raised, admission.count_in_flight(ADA):
                pass
            with admission.count_in_flight(BOB), admission.count_in_flight(APP):
                pass
        with admission.count_in_flight(ADA):
            pass

    assert raised.value.metadata == {"limit": "2"}
    assert raised.value.retry_delay > 0


def test_a_call_that_fails_is_not_under_way_any_more(admission: Admission) -> None:
    for _ in range(5):
        with pytest.raises(ValueError, match="fault"), admission.count_in_flight(ADA):
            raise ValueError("fault")


def test_strangers_are_counted_for_each_connection(admission: Admission) -> None:
    for connection in ("127.0.0.1:1", "127.0.0.1:2"):
        admission.count_stranger(connection)
        admission.count_stranger(connection)
        with pytest.raises(RateLimited):
            admission.count_stranger(connection)


def test_it_does_not_remember_everybody(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unisono.server.core.buckets._MAX_BUCKETS", 10)
    buckets: Buckets[int] = Buckets(clock, rate=1, burst=1)

    assert not any(buckets.take(key) for key in range(100))

    assert buckets.take(99)
    assert not buckets.take(0)
    assert len(buckets) == 10
