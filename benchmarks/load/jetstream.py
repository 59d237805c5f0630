"""Sets up JetStream: one stream of all that is sent, and a consumer for each device.

Consumers are of two kinds, and both miss nothing over reconnects. They are push consumers, since pull
requests take the server more time.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.nats import Client, Device

_STREAM: Final = "USERS"

#: The sequence number in the stream from which a device receives: it has received nothing yet.
_START: Final = 1

Kind = Callable[[Client, str, str, ArrivalCounter], Awaitable[Device]]
"""Makes a device that has missed everything its user got.

The arguments are a client that sets up its consumer, the user, the name of the consumer, and the counter of
its messages.
"""


async def make_stream(asker: Client) -> None:
    """Create the stream for all users, with file storage and without limits. Raises CallFailed."""
    await asker.ask(f"STREAM.CREATE.{_STREAM}", {"name": _STREAM, "subjects": ["users.*"], "storage": "file"})


async def durable(asker: Client, user_id: str, name: str, arrivals: ArrivalCounter) -> Device:
    """Make a device with a durable consumer, which acknowledges every message.

    The server saves in a file what it acknowledged. Raises CallFailed.
    """
    kept = {"durable_name": name, "ack_policy": "explicit"}
    await _make_consumer(asker, user_id, name, kept)
    return Device(_subject(name), arrivals, acknowledges=True)


async def ordered(_asker: Client, user_id: str, name: str, arrivals: ArrivalCounter) -> Device:
    """Make a device with an ordered consumer, which knows its position itself, as ours do.

    Its consumer is made when it connects, and only in the memory of the server.
    """
    return _Ordered(user_id, name, arrivals)


async def forget(asker: Client, name: str) -> None:
    """Delete the consumer of a device. Raises CallFailed."""
    await asker.ask(f"CONSUMER.DELETE.{_STREAM}.{name}", {})


class _Ordered(Device):
    def __init__(self, user_id: str, name: str, arrivals: ArrivalCounter) -> None:
        super().__init__(_subject(name), arrivals, acknowledges=False)
        self._user_id = user_id
        self._name = name

    async def connect(self, address: str) -> None:
        await super().connect(address)
        kept = {"name": self._name, "ack_policy": "none", "max_deliver": 1, "mem_storage": True}
        await _make_consumer(self, self._user_id, self._name, kept)


async def _make_consumer(asker: Client, user_id: str, name: str, kept: Mapping[str, object]) -> None:
    config = {
        "deliver_subject": _subject(name),
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": _START,
        "filter_subject": f"users.{user_id}",
        **kept,
    }
    await asker.ask(f"CONSUMER.CREATE.{_STREAM}.{name}", {"stream_name": _STREAM, "config": config})


def _subject(name: str) -> str:
    return f"devices.{name}"
