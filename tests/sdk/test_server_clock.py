"""A device tells the time of the server, whoever sets a clock, and whatever comes late."""

from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from unisono.client._device.boot_clock import boot_time
from unisono.client._device.server_clock import ServerClock

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


class Machine:
    """The clocks of a machine: seconds since it was started, and what its wall clock is set to."""

    def __init__(self, wall: datetime) -> None:
        self.boot = 1000.0
        self.set_to = wall.timestamp()

    def clock(self) -> ServerClock:
        return ServerClock(boot=lambda: self.boot, wall=lambda: self.set_to)

    def passes(self, seconds: float) -> None:
        self.boot += seconds
        self.set_to += seconds


def said(time: datetime) -> Timestamp:
    return Timestamp(seconds=int(time.timestamp()))


@pytest.fixture
def machine() -> Machine:
    """A machine whose wall clock is an hour behind."""
    return Machine(NOON - timedelta(hours=1))


def test_before_a_server_has_said_anything_it_is_the_wall_clock(machine: Machine) -> None:
    clock = machine.clock()
    assert (clock.now(), clock.ahead_of_wall) == (NOON - timedelta(hours=1), None)
    machine.set_to += 60
    assert clock.now() == NOON - timedelta(minutes=59)


def test_it_goes_on_whatever_the_wall_clock_is_set_to(machine: Machine) -> None:
    clock = machine.clock()
    clock.hear(said(NOON), anew=True)
    machine.passes(90)
    machine.set_to -= 10**8
    assert clock.now() == NOON + timedelta(seconds=90)


def test_what_comes_late_does_not_turn_it_back(machine: Machine) -> None:
    """A process that stood still reads what was said to it long before."""
    clock = machine.clock()
    clock.hear(said(NOON), anew=True)
    machine.passes(60)
    clock.hear(said(NOON + timedelta(seconds=30)))
    assert clock.now() == NOON + timedelta(seconds=60)
    clock.hear(said(NOON + timedelta(seconds=61)))
    assert clock.now() == NOON + timedelta(seconds=61)


def test_another_stream_may(machine: Machine) -> None:
    """The clock of the server was set, or it is another server."""
    clock = machine.clock()
    clock.hear(said(NOON), anew=True)
    clock.hear(said(NOON - timedelta(days=1)), anew=True)
    assert clock.now() == NOON - timedelta(days=1)


@pytest.mark.parametrize(
    "nonsense", [Timestamp(), Timestamp(seconds=-5), Timestamp(seconds=2**62), Timestamp(seconds=-(2**62))]
)
def test_nonsense_is_not_believed(machine: Machine, nonsense: Timestamp) -> None:
    clock = machine.clock()
    clock.hear(nonsense, anew=True)
    assert clock.ahead_of_wall is None
    clock.hear(said(NOON), anew=True)
    clock.hear(nonsense, anew=True)
    assert clock.now() == NOON


def test_a_later_process_goes_on_with_the_difference(machine: Machine) -> None:
    before = machine.clock()
    before.hear(said(NOON), anew=True)
    ahead = before.ahead_of_wall
    assert ahead == 3600
    machine.boot = 5.0  # the machine was started again
    machine.set_to += 600
    clock = machine.clock()
    clock.restore(ahead)
    assert clock.now() == NOON + timedelta(minutes=10)
    machine.set_to += 10**6
    assert clock.now() == NOON + timedelta(minutes=10)


def test_the_end_of_times_is_no_error(machine: Machine) -> None:
    clock = machine.clock()
    clock.restore(1e15)
    assert clock.now().year == 9998
    clock.restore(-1e15)
    assert clock.now().year == 1970


def test_the_clock_of_the_machine_goes_on() -> None:
    assert boot_time() <= boot_time()
