"""How many connections the clients of one address have is bounded, and nobody else's are by that."""

import pytest
from structlog.testing import capture_logs

from unisono.server.api.connection_metrics import ConnectionMetrics
from unisono.server.api.http.networks import network_of_name, network_of_peer
from unisono.server.api.http.places import FRAMES_PER_REQUEST, MOST_LEFT, AddressLimits, Place, Places

HERE, THERE = "192.0.2.1", "198.51.100.7"

STRANGERS = AddressLimits(requests_per_address=100)

FEW = AddressLimits(connections=5, per_address=3, opening_per_address=2, new_per_address=10)


class Door:
    """The table, with a clock that the test moves."""

    def __init__(self, limits: AddressLimits) -> None:
        self.now = 1000.0
        self.metrics = ConnectionMetrics()
        self.places = Places(limits, lambda: self.now, self.metrics)

    def enter(self, name: str | None = HERE, *, asks: bool = True) -> Place:
        place = self.places.enter(name)
        if asks:
            place.asked()
        return place


def test_one_address_has_a_number_of_connections() -> None:
    door = Door(FEW)
    held = [door.enter() for _ in range(3)]
    assert [place.refused for place in held] == [None] * 3

    assert door.enter().refused == "connections_per_address"

    assert door.enter(THERE).refused is None
    held[0].leave()
    assert door.enter().refused is None


@pytest.mark.parametrize(("connections", "most"), [(100, 90), (5, 4), (2, 1), (1, 1)])
def test_one_address_cannot_take_all_where_there_are_few(connections: int, most: int) -> None:
    door = Door(AddressLimits(connections=connections))
    assert [door.enter().refused for _ in range(most)] == [None] * most

    assert door.enter().refused == ("connections_per_address" if connections > 1 else "connections")

    others = [door.enter(str(number)).refused for number in range(connections - most)]
    assert others == [None] * (connections - most)


def test_a_number_of_them_may_not_have_asked_for_anything() -> None:
    door = Door(FEW)
    held = [door.enter(asks=False) for _ in range(2)]

    assert door.enter().refused == "opening_connections_per_address"

    held[0].asked()
    held[0].asked()
    assert door.enter(asks=False).refused is None
    assert door.enter().refused is not None


def test_one_that_leaves_without_having_asked_makes_room() -> None:
    door = Door(FEW)
    for _ in range(10):
        place = door.enter(asks=False)
        assert place.refused is None
        place.leave()


def test_all_together_have_a_number_of_connections() -> None:
    door = Door(FEW)
    held = [door.enter(f"192.0.2.{number}") for number in range(4)] + [door.enter(None)]

    assert door.enter(THERE).refused == "connections"
    assert door.enter(None).refused == "connections"

    held[-1].leave()
    assert door.enter(THERE).refused is None


def test_new_ones_have_a_rate_and_may_come_all_at_once() -> None:
    # Given an address that may open ten a second
    door = Door(FEW)
    for _ in range(100):
        door.enter().leave()
    # When it has opened a hundred at once, then it has to wait for each
    for _ in range(3):
        assert door.enter().refused == "new_connections_per_address"
        door.now += 0.1
        place = door.enter()
        assert place.refused is None
        place.leave()
    assert door.enter(THERE).refused is None


def test_who_reaches_a_unix_socket_has_no_limit_of_an_address() -> None:
    door = Door(AddressLimits(connections=500, per_address=1, opening_per_address=1, new_per_address=1))
    assert all(door.enter(None, asks=False).refused is None for _ in range(500))


def test_a_refused_one_counts_for_nothing() -> None:
    door = Door(FEW)
    held = [door.enter() for _ in range(3)]
    for _ in range(1000):
        refused = door.enter(asks=False)
        refused.asked()
        refused.leave()
    assert door.places.open == 3
    for place in held:
        place.leave()
    assert door.places.open == 0
    assert door.enter().refused is None


def test_strangers_of_one_address_are_read_at_a_rate_of_requests() -> None:
    # Given an address of which a hundred requests are read in a second
    door = Door(STRANGERS)
    places = [door.enter() for _ in range(4)]
    # When a hundred came at once, whatever the connections
    assert [places[number % 4].read(0, 1) for number in range(100)] == [0.0] * 100
    # Then each further one is read when its time has come, and others do not wait
    assert [round(place.read(0, 1), 6) for place in places] == [0.01, 0.02, 0.03, 0.04]
    assert round(door.enter().wait, 6) == 0.05
    assert door.enter(THERE).read(0, 1) == 0.0
    door.now += 0.06
    assert places[0].read(0, 1) == 0.0


def test_frames_that_are_no_requests_count_less() -> None:
    door = Door(STRANGERS)
    place = door.enter()
    assert place.read(99 * FRAMES_PER_REQUEST, 1) == 0.0
    assert round(place.read(FRAMES_PER_REQUEST, 0), 6) == 0.01


def test_who_is_known_is_read_without_a_bound_and_leaves_that_of_strangers_alone() -> None:
    door = Door(STRANGERS)
    known, stranger = door.enter(), door.enter()
    known.known()
    assert [known.read(1000, 1000) for _ in range(100)] == [0.0] * 100
    assert stranger.read(0, 99) == 0.0


def test_who_reaches_a_unix_socket_is_read_without_a_bound() -> None:
    place = Door(STRANGERS).enter(None)
    assert [place.read(1000, 1000) for _ in range(100)] == [0.0] * 100


def test_strangers_that_come_back_are_read_at_the_rate_that_they_had() -> None:
    door = Door(STRANGERS)
    place = door.enter()
    place.read(0, 1000)
    place.leave()
    for number in range(10):
        door.now += 0.5
        door.enter(str(number)).leave()
    assert round(door.enter().wait, 6) == 4.01


def test_only_those_are_remembered_that_are_there_or_came_fast() -> None:
    # Given networks each of which opened one connection, and is gone
    door = Door(FEW)
    for number in range(100):
        door.enter(str(number)).leave()
    assert len(door.places) == 100
    # When time passes and others come
    door.now += 1
    for number in range(100, 200):
        door.enter(str(number)).leave()
    # Then the first are forgotten
    assert len(door.places) == 100


def test_however_many_come_a_bounded_number_is_remembered() -> None:
    door = Door(FEW)
    for number in range(MOST_LEFT + 100):
        door.enter(str(number)).leave()
    assert len(door.places) == MOST_LEFT


def test_one_that_comes_back_has_the_rate_that_it_had() -> None:
    door = Door(FEW)
    for _ in range(100):
        door.enter().leave()
    door.enter(THERE).leave()
    assert door.enter().refused == "new_connections_per_address"


def test_the_log_has_a_line_a_minute_for_each_limit() -> None:
    door = Door(FEW)
    for _ in range(3):
        door.enter()
    with capture_logs() as logs:
        for _ in range(100):
            door.enter()
        door.now += 60
        door.enter()
    assert [(one["event"], one["reason"], one["failures"], one["error"]) for one in logs] == [
        ("connections refused", "connections_per_address", 1, f"more than 3 from {HERE}"),
        ("connections refused", "connections_per_address", 100, f"more than 3 from {HERE}"),
    ]


@pytest.mark.parametrize(
    ("name", "network"),
    [
        (("192.0.2.1", 4711), "192.0.2.1"),
        (("::ffff:192.0.2.1", 4711, 0, 0), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 4711, 0, 0), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::", 4711, 0, 0), "2001:db8:1:2::/64"),
        (("2001:db8:1:3::6", 4711, 0, 0), "2001:db8:1:3::/64"),
        (("fe80::1%eth0", 4711, 0, 2), "fe80::/64"),
        (("::1", 4711, 0, 0), "::/64"),
        ("", None),
        (None, None),
    ],
)
def test_the_network_of_a_client(name: object, network: str | None) -> None:
    assert network_of_peer(name) == network


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("ipv4:192.0.2.1:4711", "192.0.2.1"),
        ("ipv4:192.0.2.1", "192.0.2.1"),
        ("ipv6:[2001:db8:1:2::6]:4711", "2001:db8:1:2::/64"),
        ("ipv6:%5B2001:db8:1:2::6%5D:4711", "2001:db8:1:2::/64"),
        ("ipv6:[2001:db8:1:2::6]", "2001:db8:1:2::/64"),
        ("ipv6:[fe80::1%25eth0]:4711", "fe80::/64"),
        ("ipv6:[::ffff:192.0.2.1]:4711", "192.0.2.1"),
        ("ipv4:127.0.0.2:4711", None),
        ("ipv6:[::1]:4711", None),
        ("unix:", None),
        ("ipv4:somebody", None),
        ("", None),
    ],
)
def test_the_network_of_a_name(name: str, network: str | None) -> None:
    assert network_of_name(name) == network
