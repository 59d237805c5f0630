"""Streams of devices, each on a connection of its own, and counters of what they receive."""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from benchmarks.load import doors, requests
from benchmarks.load.callers import CallFailed
from benchmarks.load.doors import Door
from benchmarks.load.requests import Request
from tests.support.http2.call import Status
from tests.support.http2.connection import Connection
from unisono.v1 import feed_service_pb2 as pb

#: How many connect at the same time, where connecting is not what is measured.
_CONCURRENCY: Final = 100


class ArrivalCounter:
    """Counts what all devices together have received; one task at a time may wait for a count."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: tuple[int, asyncio.Future[None]] | None = None

    def add(self, more: int) -> None:
        """Count `more` arrivals, and wake the task that waits for as many."""
        self.count += more
        if self._waiting is not None and self.count >= self._waiting[0]:
            _, future = self._waiting
            self._waiting = None
            future.set_result(None)

    async def until(self, count: int) -> None:
        """Wait until at least `count` have arrived in all; there is no timeout."""
        if self.count < count:
            self._waiting = count, asyncio.get_running_loop().create_future()
            await self._waiting[1]


class Stream:
    """One stream; `on_message` is called with each encoded message.

    A stream that ends otherwise than by `close` or a lost connection raises CallFailed in the event loop.
    """

    def __init__(
        self, request: Request, on_message: Callable[[bytes], None], door: Door = doors.grpc
    ) -> None:
        self._request = request
        self._on_message = on_message
        self._door = door
        self._connection: Connection

    async def connect(self, address: str, tls: ssl.SSLContext | None = None) -> None:
        """Open a connection to HOST:PORT, in the clear without a context, and request the stream.

        Raises OSError.
        """
        self._connection = await Connection.open(address, tls=tls)
        self._door(self._connection, self._request, self._on_message, _end)

    def close(self) -> None:
        """Reset the connection, as when the process is killed."""
        self._connection.abort()


class Device:
    """A device of a user, which comes by a door: its access token, and the `resume_token` of its last Synced,
    at first empty.
    """

    def __init__(self, user_id: str, endpoint_id: str, door: Door = doors.grpc) -> None:
        self.door = door
        self.user_id = user_id
        self.endpoint_id = endpoint_id
        self.token = requests.device(user_id)
        self.resume_token = b""

    def stream(self, synced: ArrivalCounter, events: ArrivalCounter) -> Stream:
        """Return a stream from the device's position, which counts each Synced and all events."""

        def on_message(message: bytes) -> None:
            said = pb.SubscribeResponse.FromString(message)
            if said.HasField("synced"):
                self.resume_token = said.resume_token
                synced.add(1)
            elif count := len(said.event_batch.events):
                events.add(count)

        asked = requests.subscription(self.token, self.endpoint_id, self.resume_token)
        return Stream(asked, on_message, self.door)


def devices(users: Iterable[str], each: int, door: Door = doors.grpc) -> list[Device]:
    """Make `each` devices for each user."""
    return [Device(user_id, f"device-{number}", door) for user_id in users for number in range(each)]


def listening(amount: int, token: str, request: int, greeting: int, messages: ArrivalCounter) -> list[Stream]:
    """Make `amount` streams of the empty server.

    Each has a request of `request` bytes, and `greeting` bytes in each of its first two messages; `messages`
    counts what they receive.
    """
    asked = Request(requests.LISTEN, token, requests.padded(greeting, request))
    return [Stream(asked, lambda _: messages.add(1)) for _ in range(amount)]


async def connect(
    streams: Sequence[Stream],
    address: str,
    concurrency: int = _CONCURRENCY,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Connect streams to HOST:PORT, `concurrency` at the same time; raises OSError."""
    for start in range(0, len(streams), concurrency):
        some = streams[start : start + concurrency]
        await asyncio.gather(*(stream.connect(address, tls) for stream in some))


def _end(status: Status) -> None:
    if status.code != "UNAVAILABLE":  # which it is when the connection is broken off
        raise CallFailed(f"a stream ended: {status.code} {status.reason}")
