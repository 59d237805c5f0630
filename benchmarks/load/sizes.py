"""How many bytes the messages of our server take: an empty one is to get and to give as many.

They are looked up where they are needed, by asking for each kind once.
"""

from dataclasses import dataclass
from typing import Final

from benchmarks.load import requests
from benchmarks.load.callers import Calls, connections
from benchmarks.load.listeners import ArrivalCounter, Stream
from benchmarks.load.requests import Request
from unisono.v1 import feed_service_pb2 as pb

#: A user of whom nobody else here has heard, with an id about as long as theirs.
_USER: Final = "measured-0"
_ENDPOINT: Final = "device-0"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSizes:
    """Bytes of a stream: what asks for it, new and with a resume token, its first two messages on average,
    and a message with one event, of a notification of ours.
    """

    request: int
    resumption: int
    greeting: int
    event: int


async def of_answer(address: str, request: Request) -> int:
    """How many bytes a request is answered with."""
    callers = Calls(await connections(address, 1))
    await callers.at_a_time(1, [request])
    callers.close()
    return len(callers.answer)


async def of_stream(address: str) -> StreamSizes:
    """Those of a stream that is opened here, and told of one notification."""
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
