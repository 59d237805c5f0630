"""A stream ends before the token expires that it was opened with."""

import pytest

from tests.support.clocks import START
from tests.support.core_harness import CoreHarness, Stream, running
from unisono.server.core.feeds import SessionRules
from unisono.v1 import feed_service_pb2 as pb

MINUTE = 60


async def live(harness: CoreHarness, endpoint_id: str = "laptop", *, expire_time: int = 10**15) -> Stream:
    """A stream that waits for something to happen."""
    stream = await Stream(harness, endpoint_id).synced(expire_time=expire_time)
    assert await stream.next_or_none() is None
    return stream


async def test_nothing_is_told_after_the_token_expired() -> None:
    async with running(CoreHarness()) as harness:
        stream = await live(harness, expire_time=START + 10_000)
        await harness.send("In time")
        assert (await stream.next()).HasField("event_batch")
        await harness.send("Too late")
        harness.clock.advance(10)

        goodbye = await stream.ended()

        assert goodbye == pb.Goodbye(reason=pb.GOODBYE_REASON_TOKEN_EXPIRED)
        assert stream.held.revision == 1


async def test_an_idle_stream_ends_before_its_token_expires() -> None:
    async with running(CoreHarness()) as harness:
        stream = await live(harness, expire_time=START + 10_000)
        harness.clock.advance(8.999)
        assert await stream.next_or_none() is None

        harness.clock.advance(0.802)

        assert (await stream.ended()).reason == pb.GOODBYE_REASON_TOKEN_EXPIRED


async def goodbye_of(stream: Stream) -> pb.Goodbye | None:
    """What ended a stream, None while it goes on; heartbeats are read."""
    while (told := await stream.next_or_none()) is not None:
        if told.HasField("goodbye"):
            return told.goodbye
    return None


LONG_LIVED = SessionRules(age_min=120 * MINUTE, age_max=120 * MINUTE)


async def test_tokens_that_expire_together_end_their_streams_apart() -> None:
    """Within the last minute of an hour, and none later: not all ask for another one in the same second."""
    async with running(CoreHarness(rules=LONG_LIVED)) as harness:
        streams = [await live(harness, f"device-{n}", expire_time=START + 3_600_000) for n in range(40)]
        ends: dict[Stream, int] = {}
        harness.clock.advance(3540)
        for second in range(3540, 3590, 2):
            for stream in set(streams) - ends.keys():
                if (goodbye := await goodbye_of(stream)) is not None:
                    assert goodbye == pb.Goodbye(reason=pb.GOODBYE_REASON_TOKEN_EXPIRED)
                    ends[stream] = second
            harness.clock.advance(2)

        assert len(ends) == 40
        assert min(ends.values()) > 3540
        assert len(set(ends.values())) > 8


async def test_a_device_that_has_no_newer_token_comes_back_a_few_times_at_most() -> None:
    """Its function may give the same one for as long as that is good."""
    async with running(CoreHarness(rules=LONG_LIVED)) as harness:
        expire_time = START + 600_000
        streams = 0
        while harness.clock.now() < expire_time:
            stream = await live(harness, expire_time=expire_time)
            streams += 1
            while await goodbye_of(stream) is None:
                harness.clock.advance(max((expire_time - harness.clock.now()) / 1000 * 0.05, 0.001))
            await stream.cut()

        assert 2 <= streams < 10


@pytest.mark.parametrize("taken", [1, 2, 3])
async def test_a_token_that_expires_during_catch_up_ends_it(taken: int) -> None:
    """Wherever the client stopped reading for a while: between two batches, or before Synced."""
    async with running(CoreHarness()) as harness:
        for _ in range(400):
            await harness.send()
        stream = await Stream(harness).open(expire_time=START + 10_000)
        kinds = [(await stream.next()).WhichOneof("message") for _ in range(taken)]

        harness.clock.advance(10)

        assert kinds == ["welcome", "event_batch", "event_batch"][:taken]
        assert (await stream.ended()).reason == pb.GOODBYE_REASON_TOKEN_EXPIRED
