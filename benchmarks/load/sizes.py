"""Measures how many bytes the messages of our server take, so that the empty server exchanges as many."""

from dataclasses import dataclass
from typing import Final

from benchmarks.load import requests
from benchmarks.load.callers import Calls, connections
from benchmarks.load.listeners import ArrivalCounter, Stream
from benchmarks.load.requests import Request
from unisono.v1 import feed_service_pb2 as pb

#: A user whom nothing else here uses, with an id of about the usual length.
_USER: Final = "measured-0"
_ENDPOINT: Final = "device-0"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSizes:
    """Sizes of the messages of a stream, in bytes.

    `request` asks for a stream from the beginning, `resumption` with a resume token; `greeting` is the
    average of the first two messages, and `event` a message with one event.
    """

    request: int
    resumption: int
    greeting: int
    event: int


async def of_answer(address: str, request: Request) -> int:
    """Make one call, and return how many bytes its response has. Raises CallFailed."""
    callers = Calls(await connections(address, 1))
    await callers.at_a_time(1, [request])
    callers.close()
    return len(callers.answer)


async def of_stream(address: str) -> StreamSizes:
    """Open a stream, send it one notification, and return the sizes. Raises CallFailed."""
    messages, arrivals = list[bytes](), ArrivalCounter()

    def on_message(message: bytes) -> None:
        messages.append(message)
        arrivals.add(1)

    asked = requests.subscription(requests.device(_USER), _ENDPOINT)
    stream = Stream(asked, on_message)
    await stream.connect(address)
    await arrivals.until(2)
    await of_answer(address, next(requests.sends([_USER], 1)))
    await arrivals.until(3)
    stream.close()
    welcome, synced, event = messages
    token = pb.SubscribeResponse.FromString(event).resume_token
    return StreamSizes(
        request=len(asked.body),
        resumption=len(requests.subscription(asked.token, _ENDPOINT, token).body),
        greeting=(len(welcome) + len(synced)) // 2,
        event=len(event),
    )
