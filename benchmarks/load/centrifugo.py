"""Clients of Centrifugo: requests of backends, and devices on gRPC streams.

Messages are those of its `client.proto`, `unistream.proto` and `api.proto`, by field numbers.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from benchmarks.load import protobuf
from benchmarks.load.callers import CallFailed
from benchmarks.load.listeners import ArrivalCounter, Stream
from benchmarks.load.requests import Request
from tests.support import tokens

PUBLISH: Final = "/centrifugal.centrifugo.api.CentrifugoApi/Publish"
BATCH: Final = "/centrifugal.centrifugo.api.CentrifugoApi/Batch"
CONSUME: Final = "/centrifugal.centrifugo.unistream.CentrifugoUniStream/Consume"

#: Content as long as that of our notifications, in JSON, as Centrifugo has it by default.
_CONTENT: Final = b'"' + b"." * 198 + b'"'

#: The namespace of the channels of users.
_CHANNEL: Final = "users:{}"


def publishes(users: Sequence[str], amount: int) -> Iterator[Request]:
    """Yield `amount` publications of one message each, to the users in turn."""
    for number in range(amount):
        yield Request(PUBLISH, "", _publication(users[number % len(users)]))


def batches(users: Sequence[str], amount: int, size: int, burst: int) -> Iterator[Request]:
    """Yield `amount` batches of `size`, to the users in turn, with `burst` messages in a row to each."""
    for start in range(0, amount * size, size):
        to = [users[number // burst % len(users)] for number in range(start, start + size)]
        yield Request(
            BATCH, "", b"".join(protobuf.text(1, protobuf.text(4, _publication(one))) for one in to)
        )


def check(request: Request, answer: bytes) -> None:
    """Raise CallFailed where the answer to a request has an error: its status is OK all the same."""
    errors, parts = (
        (1, [answer]) if request.path == PUBLISH else (2, [one for _, one in protobuf.texts(answer)])
    )
    if any(number == errors for part in parts for number, _ in protobuf.texts(part)):
        raise CallFailed(f"Centrifugo: {answer!r}")


class Feed:
    """What a device has of the channel of its user: where it was when it came first, and what came since.

    `arrivals` counts publications; `here` counts connections that were answered.
    """

    def __init__(self, user_id: str, arrivals: ArrivalCounter, here: ArrivalCounter) -> None:
        self.token = _token(user_id)
        self._channel = _CHANNEL.format(user_id)
        self._arrivals = arrivals
        self._here = here
        self._position = b""

    def request(self) -> bytes:
        """Return the message that connects: with the token, and where the device was, if it was there."""
        recovery = protobuf.text(1, self._channel) + protobuf.text(2, self._position)
        return protobuf.text(1, self.token) + (protobuf.text(3, recovery) if self._position else b"")

    def on_push(self, push: bytes) -> None:
        """Take a `Push`: a publication, or on a gRPC stream the answer to the connection."""
        for number, value in protobuf.texts(push):
            if number == 4:
                self._arrivals.add(1)
            elif number == 10:
                self.on_connected(value, 4)
            elif number == 11:
                raise CallFailed(f"Centrifugo ended a connection: {value!r}")

    def on_connected(self, answer: bytes, subscriptions: int) -> None:
        """Take `Connect` or `ConnectResult`, in which the field of this number has the subscriptions."""
        for number, value in protobuf.texts(answer):
            if number == subscriptions:
                self._on_subscribed(dict(protobuf.texts(value))[2])
        self._here.add(1)

    def _on_subscribed(self, result: bytes) -> None:
        if missed := protobuf.count(result, 7):
            self._arrivals.add(missed)
        if not self._position:
            epoch = dict(protobuf.texts(result))[6]
            offset = dict(protobuf.integers(result)).get(9, 0)
            self._position = protobuf.integer(3, 1) + protobuf.text(6, epoch) + protobuf.integer(7, offset)


class GrpcDevice:
    """A device on a gRPC stream, which only receives (`uni_grpc`)."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._stream: Stream

    async def connect(self, address: str) -> None:
        """Connect to HOST:PORT, and ask for what was missed; raises OSError."""
        self._stream = Stream(Request(CONSUME, "", self._feed.request()), self._feed.on_push)
        await self._stream.connect(address)

    def close(self) -> None:
        """Reset the connection."""
        self._stream.close()


def _publication(user_id: str) -> bytes:
    return protobuf.text(1, _CHANNEL.format(user_id)) + protobuf.text(2, _CONTENT)


@lru_cache(maxsize=1000)
def _token(user_id: str) -> str:
    """Return an access token like those of our devices, which subscribes to the channel of the user."""
    return tokens.device(user_id, channels=[_CHANNEL.format(user_id)])
