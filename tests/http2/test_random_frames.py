"""Whatever a client sends, in whatever order: all answers keep the rules, and a connection stays small."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.http2.choices import Choices
from tests.http2.peer import PREFACE, Peer, frame
from tests.http2.peer import settings as settings_frame
from tests.http2.trial import LIMITS, Trial, held_bytes


@settings(max_examples=300)
@given(st.binary(min_size=1, max_size=2000))
def test_chosen_frames(data: bytes) -> None:
    Trial(Choices(data)).run()


@pytest.mark.parametrize("seed", range(8))
def test_many_random_frames(seed: int) -> None:
    for number in range(20):
        Trial(Choices(random.Random(1000 * seed + number).randbytes(3000))).run()  # noqa: S311


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=200), max_size=20), st.booleans())
def test_random_bytes(parts: list[bytes], greeted: bool) -> None:
    peer = Peer(LIMITS, greeted=greeted)
    for part in parts:
        peer.send(part)

    assert held_bytes(peer) < 100_000


@settings(max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 11), st.integers(0, 255), st.integers(0, 5), st.binary(max_size=40)))
)
def test_random_frames_from_the_first_on(frames: list[tuple[int, int, int, bytes]]) -> None:
    peer = Peer(LIMITS, greeted=False)

    peer.send(PREFACE, settings_frame({}), *[frame(*one) for one in frames])

    assert held_bytes(peer) < 100_000


def test_the_largest_that_a_client_can_make_of_a_connection() -> None:
    # Given a client that fills all there is: streams, a table, a block that goes on, and a frame that does.
    peer = Peer(LIMITS)
    for number in range(300):
        peer.request(2 * number + 1, ((b":method", b"GET"), (b"name-%d" % number, b"x" * 100)))
        peer.now += 0.02
    for number in range(300, 300 + LIMITS.max_streams):
        peer.request(2 * number + 1)
    peer.send(frame(1, 0, 999, b"\0" * 100), *[frame(9, 0, 999, bytes(400))] * 16)
    peer.send(frame(9, 0, 999, bytes(16_000))[:-1])
    # Then that is bounded.
    assert peer.error() is None
    assert held_bytes(peer) < 150_000
