"""Who is told what, and who may subscribe."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.core.rows import ADA, hint_of
from tests.support.clocks import START, FakeClock
from unisono.server.api.convert import subscribe_response
from unisono.server.bus.base import Hint
from unisono.server.core import tails
from unisono.server.core.away import AWAY_SECONDS
from unisono.server.core.hub import Hub
from unisono.server.core.stream_metrics import StreamMetrics
from unisono.server.errors import QuotaExceeded, Reason, Unavailable
from unisono.server.model import Audience, Counts, FeedKey, Platform

BOB = FeedKey("mail.test", "bob")
LAPTOP = Audience("laptop", Platform.LINUX)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def hub(clock: FakeClock) -> Hub:
    return Hub(subscribe_response.encode_change, clock, StreamMetrics(), streams_per_user=2)


async def test_a_commit_wakes_every_seat_of_its_feed(hub: Hub) -> None:
    with (
        hub.subscribe(ADA, "laptop", "s1") as one,
        hub.subscribe(ADA, "phone", "s2") as two,
        hub.subscribe(BOB, "x", "s3") as x,
    ):
        hub.on_hint(hint_of([1]))

        assert [subscriber.wake.is_set() for subscriber in (one, two, x)] == [True, True, False]
        assert not one.endpoint_changed
        assert one.tail is two.tail
        assert one.tail.after(0, LAPTOP, START) is not None


async def test_a_new_session_wakes_the_older_one_of_its_endpoint_alone(hub: Hub) -> None:
    with (
        hub.subscribe(ADA, "laptop", "old") as old,
        hub.subscribe(ADA, "phone", "other") as other,
        hub.subscribe(ADA, "laptop", "new") as new,
    ):
        hub.on_hint(Hint(key=ADA, endpoint_id="laptop", session_id="new"))

        assert [subscriber.endpoint_changed for subscriber in (old, other, new)] == [True, False, False]
        assert [subscriber.wake.is_set() for subscriber in (old, other, new)] == [True, False, False]


async def test_a_deleted_endpoint_wakes_its_seat(hub: Hub) -> None:
    with hub.subscribe(ADA, "laptop", "s1") as subscriber:
        hub.on_hint(Hint(key=ADA, endpoint_id="laptop"))

        assert subscriber.endpoint_changed


async def test_a_change_of_an_endpoint_leaves_the_tail_alone(hub: Hub) -> None:
    with hub.subscribe(ADA, "laptop", "s1") as subscriber:
        hub.on_hint(hint_of([1]))
        hub.on_hint(Hint(key=ADA, endpoint_id="phone", session_id="s2"))

        assert subscriber.tail.after(0, LAPTOP, START) is not None


async def test_nobody_listening_is_no_trouble(hub: Hub) -> None:
    hub.on_hint(hint_of([1]))

    with hub.subscribe(ADA, "laptop", "s1") as subscriber:
        assert subscriber.tail.after(1, LAPTOP, START) is None


async def test_the_tail_stays_for_a_while_when_the_last_has_left(hub: Hub, clock: FakeClock) -> None:
    with hub.subscribe(ADA, "laptop", "s1") as first:
        with hub.subscribe(ADA, "phone", "s2"):
            hub.on_hint(hint_of([1]))
        with hub.subscribe(ADA, "phone", "s3") as back:
            assert back.tail is first.tail
    assert hub.subscriber_count == 0

    clock.advance(AWAY_SECONDS - 1)
    hub.on_hint(hint_of([2]))
    with hub.subscribe(ADA, "laptop", "s4") as later:
        clock.advance(2)
        hub.on_hint(hint_of([3]))
        assert later.tail is first.tail
    clock.advance(AWAY_SECONDS)
    hub.on_hint(hint_of([4]))
    with hub.subscribe(ADA, "laptop", "s5") as last:
        assert last.tail is not first.tail


async def test_a_user_has_so_many_streams(hub: Hub) -> None:
    with hub.subscribe(ADA, "laptop", "s1"), hub.subscribe(ADA, "phone", "s2"):
        with pytest.raises(QuotaExceeded) as raised, hub.subscribe(ADA, "watch", "s3"):
            pass

        assert raised.value.reason is Reason.OPEN_STREAMS_EXCEEDED
        assert (raised.value.subject, raised.value.metadata) == ("user:ada", {"limit": "2"})
        with hub.subscribe(BOB, "watch", "s4"):
            assert hub.subscriber_count == 3
    with hub.subscribe(ADA, "watch", "s5"):
        assert hub.subscriber_count == 1


async def test_only_the_newest_stream_of_an_endpoint_counts(hub: Hub) -> None:
    with (
        hub.subscribe(ADA, "laptop", "s1"),
        hub.subscribe(ADA, "phone", "s2"),
        hub.subscribe(ADA, "phone", "s3"),
        hub.subscribe(ADA, "phone", "s4"),
    ):
        assert hub.subscriber_count == 4


async def test_streams_that_were_taken_over_and_do_not_end_count_apart(hub: Hub) -> None:
    """The device comes back as often, and locks itself out only where nothing of it ends."""
    with ExitStack() as open_streams:
        old = [open_streams.enter_context(hub.subscribe(ADA, "phone", f"s{n}")) for n in range(4)]
        for endpoint_id in ("phone", "laptop"):
            with pytest.raises(QuotaExceeded) as raised:
                hub.subscribe(ADA, endpoint_id, "refused")
            assert raised.value.reason is Reason.OPEN_STREAMS_EXCEEDED
            assert raised.value.metadata == {"limit": "4"}

        for number in range(20):
            old.pop(0).__exit__(None, None, None)
            old.append(open_streams.enter_context(hub.subscribe(ADA, "phone", f"again {number}")))
        assert hub.subscriber_count == 4
        old[0].__exit__(None, None, None)
        with hub.subscribe(ADA, "laptop", "another"):
            assert hub.subscriber_count == 4


async def test_all_tails_together_take_so_much_memory(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that nothing was heard of for the longest goes: its sessions read the store."""
    large = hint_of([1])
    with hub.subscribe(ADA, "laptop", "s1") as ada, hub.subscribe(BOB, "phone", "s2") as bob:
        hub.on_hint(large)
        monkeypatch.setattr(tails, "TAILS_BYTES", 2 * ada.tail.memory_bytes - 1)
        hub.on_hint(replace(large, key=BOB))

        assert ada.tail.after(0, LAPTOP, START) is None
        assert bob.tail.after(0, LAPTOP, START) is not None

        hub.on_hint(hint_of([2]))
        assert ada.tail.after(1, LAPTOP, START) is not None
        assert bob.tail.after(0, LAPTOP, START) is None
    with hub.subscribe(BOB, "phone", "s3") as back:
        hub.on_hint(replace(large, key=BOB))
        assert back.tail.after(0, LAPTOP, START) is not None


async def test_the_target_policies_of_a_feed_are_part_of_what_its_tail_takes(hub: Hub) -> None:
    targets = {f"{number:025000}": Counts(1, 1) for number in range(10)}
    bare = hint_of([1])
    assert bare.feed is not None
    with hub.subscribe(ADA, "laptop", "s1") as subscriber:
        hub.on_hint(bare)
        before = subscriber.tail.memory_bytes
        hub.on_hint(replace(hint_of([2]), feed=replace(bare.feed, revision=2, targets=targets)))

        assert subscriber.tail.memory_bytes > before + 250_000


async def test_a_seat_is_given_up_when_its_session_fails(hub: Hub) -> None:
    with pytest.raises(ValueError, match="trouble"), hub.subscribe(ADA, "laptop", "s1"):
        raise ValueError("trouble")

    assert hub.subscriber_count == 0


async def test_while_draining_nobody_takes_a_seat(hub: Hub) -> None:
    with hub.subscribe(ADA, "laptop", "s1") as one, hub.subscribe(BOB, "phone", "s2") as two:
        assert set(hub.drain()) == {one, two}

        with pytest.raises(Unavailable) as raised, hub.subscribe(ADA, "phone", "s3"):
            pass
        assert raised.value.reason is Reason.DRAINING
