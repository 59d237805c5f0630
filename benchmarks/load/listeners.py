"""Devices: streams, and a count of what they are told, each on a connection of its own."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from benchmarks.load import requests
from benchmarks.load.callers import CallFailed
from benchmarks.load.requests import Request
from tests.support.http2.call import Call, Status
from tests.support.http2.connection import Connection
from unisono.v1 import feed_service_pb2 as pb

#: How many connect at the same time, where it is not their haste that is measured.
_CONCURRENCY: Final = 100


class ArrivalCounter:
    """Counts what has come, at all devices together."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: tuple[int, asyncio.Future[None]] | None = None

    def add(self, more: int) -> None:
        """So much more has come."""
        self.count += more
        if self._waiting is not None and self.count >= self._waiting[0]:
            _, future = self._waiting
            self._waiting = None
            future.set_result(None)

    async def until(self, count: int) -> None:
        """Wait until so much has come."""
        if self.count < count:
            self._waiting = count, asyncio.get_running_loop().create_future()
            await self._waiting[1]


class Stream:
    """One stream; `hear` is told each message."""

    def __init__(self, request: Request, on_message: Callable[[bytes], None]) -> None:
        self._request = request
        self._on_message = on_message
        self._connection: Connection

    async def connect(self, address: str) -> None:
        """Ask for the stream, on a connection of its own."""
        self._connection = await Connection.open(address)
        path, token, body = self._request
        self._connection.ask(path, token, body, Call(self._on_message, _end))

    def close(self) -> None:
        """Break it off."""
        self._connection.abort()


class Device:
    """A device of a user. Whoever hears that it has `synced` finds its token here."""

    def __init__(self, user_id: str, endpoint_id: str) -> None:
        self.user_id = user_id
        self.endpoint_id = endpoint_id
        self.token = requests.device(user_id)
        self.resume_token = b""

    def stream(self, synced: ArrivalCounter, events: ArrivalCounter) -> Stream:
        """A stream from where the device is, which counts its events."""

        def on_message(message: bytes) -> None:
            said = pb.SubscribeResponse.FromString(message)
            if said.HasField("synced"):
                self.resume_token = said.resume_token
                synced.add(1)
            elif count := len(said.event_batch.events):
                events.add(count)

        return Stream(requests.subscription(self.token, self.endpoint_id, self.resume_token), on_message)


def devices(users: Iterable[str], each: int) -> list[Device]:
    """So many devices for each user."""
    return [Device(user_id, f"device-{number}") for user_id in users for number in range(each)]


def listening(amount: int, token: str, request: int, greeting: int, messages: ArrivalCounter) -> list[Stream]:
    """Streams of the empty server, of requests and first messages of these sizes."""
    asked = Request(requests.LISTEN, token, requests.padded(greeting, request))
    return [Stream(asked, lambda _: messages.add(1)) for _ in range(amount)]


async def connect(streams: Sequence[Stream], address: str, concurrency: int = _CONCURRENCY) -> None:
    """Let them connect, so many at the same time."""
    for start in range(0, len(streams), concurrency):
        await asyncio.gather(*(stream.connect(address) for stream in streams[start : start + concurrency]))


def _end(status: Status) -> None:
    if status.code != "UNAVAILABLE":  # which it is when the connection is broken off
        raise CallFailed(f"a stream ended: {status.code} {status.reason}")
