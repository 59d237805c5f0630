"""A bad way loses what it is to lose: at every position, the same again, and never what was recorded."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar, cast

from google.protobuf.message import Message

from unisono.client import Method, Publisher, Unavailable
from unisono.client.testing import FakeService
from unisono.v1 import feed_service_pb2 as pb
from unisono.verify.history import History, Principal
from unisono.verify.load.faults import CUT, LOST, MAX_EARLY_MESSAGES, FaultInjector
from unisono.verify.recording import Recorder

SUBSCRIBE = Method("FeedService", "Subscribe", pb.SubscribeRequest, pb.SubscribeResponse)
GET_FEED = Method("FeedService", "GetFeed", pb.GetFeedRequest, pb.GetFeedResponse)

#: More than any stream brings before it is cut.
MANY = 1000

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


class Talkative:
    """A way on which everything works, and every stream goes on. `open` counts those that do."""

    def __init__(self) -> None:
        self.calls = 0
        self.open = 0

    async def unary(
        self,
        method: Method[Request, Response],
        request: Request,
        *,
        token: str,
        timeout: float | None,
    ) -> Response:
        self.calls += 1
        return method.response()

    async def stream(
        self, method: Method[Request, Response], request: Request, *, token: str
    ) -> AsyncGenerator[Response, None]:
        self.open += 1
        try:
            for revision in range(MANY):
                yield cast("Response", pb.SubscribeResponse(revision=revision))
        finally:
            self.open -= 1

    async def close(self) -> None:
        pass


class Way:
    """A bad way to what is talkative, below a recorder."""

    def __init__(self, seed: int) -> None:
        self.recorder = Recorder(lambda: 0.0)
        self.service = Talkative()
        self.injector = FaultInjector(self.recorder, seed)
        self._connect = self.injector.wrap(lambda: self.service)
        self.transport = self.recorder.client(self._connect(), Principal(app_id="app.test", user_id="ada"))

    @property
    def history(self) -> History:
        return self.recorder.history

    async def length(self) -> int:
        """After how many messages the next stream ends."""
        seen = 0
        try:
            async for _ in self.transport.stream(SUBSCRIBE, pb.SubscribeRequest(), token=""):
                seen += 1
        except Unavailable:
            return seen
        raise AssertionError("it was not cut")

    async def lengths(self, count: int) -> list[int]:
        return [await self.length() for _ in range(count)]

    async def is_answered(self) -> bool:
        try:
            await self.transport.unary(GET_FEED, pb.GetFeedRequest(), token="", timeout=None)
        except Unavailable:
            return False
        return True


async def test_streams_are_cut_at_every_position() -> None:
    way = Way(seed=1)
    lengths = await way.lengths(100)
    assert set(lengths) >= set(range(1, MAX_EARLY_MESSAGES + 1))
    assert max(lengths) > 3 * MAX_EARLY_MESSAGES
    assert way.service.open == 0


async def test_the_same_seed_cuts_at_the_same_positions() -> None:
    first, same, other = Way(seed=1), Way(seed=1), Way(seed=2)
    lengths = await first.lengths(20)
    assert await same.lengths(20) == lengths
    assert await other.lengths(20) != lengths


async def test_what_was_cut_off_was_not_heard() -> None:
    way = Way(seed=1)
    lengths = await way.lengths(10)
    assert [len(stream.messages) for stream in way.history.streams] == lengths
    assert {stream.code for stream in way.history.streams} == {"UNAVAILABLE"}
    assert [annotation.name for annotation in way.history.annotations] == [CUT] * 10


async def test_who_leaves_a_stream_cuts_nothing() -> None:
    way = Way(seed=1)
    async with aclosing(way.transport.stream(SUBSCRIBE, pb.SubscribeRequest(), token="")) as stream:
        await anext(stream)
    assert (way.service.open, way.history.annotations) == (0, [])


async def test_a_lost_answer_is_that_of_a_call_which_has_happened() -> None:
    way = Way(seed=1)
    answered = [await way.is_answered() for _ in range(100)]
    lost = answered.count(False)
    assert 0 < lost < 30
    assert way.service.calls == 100
    assert [call.good for call in way.history.calls] == answered
    assert {call.code for call in way.history.calls} == {"OK", "UNAVAILABLE"}
    assert [annotation.name for annotation in way.history.annotations] == [LOST] * lost


async def test_nothing_is_lost_any_more_when_it_is_stopped() -> None:
    way = Way(seed=1)
    way.injector.stop()
    assert all([await way.is_answered() for _ in range(50)])
    stream = way.transport.stream(SUBSCRIBE, pb.SubscribeRequest(), token="")
    assert [message.revision async for message in stream] == list(range(MANY))


async def test_what_is_sent_again_is_there_once() -> None:
    # Given a service behind a bad way
    service, recorder = FakeService(), Recorder(lambda: 0.0)
    transport = FaultInjector(recorder, seed=1).wrap(lambda: service.transport)()
    # When much is sent
    async with Publisher(transport, service.app_token()) as publisher:
        sent = [await publisher.send("ada", title=f"{number}") for number in range(30)]
        listed = [row.id async for row in publisher.list("ada", page_size=500)]
    # Then answers were lost, and each is there once
    assert [annotation.name for annotation in recorder.history.annotations]
    assert sorted(listed) == sorted(one.id for one in sent)
    assert any(one.deduplicated for one in sent)
