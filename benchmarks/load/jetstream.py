"""What JetStream is asked to keep: a stream of all that is sent, and the consumers of devices.

They are of two kinds, of which both miss nothing over reconnects. They push: being asked for more again and
again takes the server more. Knows nothing of how it is reached.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from benchmarks.load.listeners import ArrivalCounter
from benchmarks.load.nats import Client, Device

_STREAM: Final = "USERS"

#: The place in the stream from which a device is told: it has had nothing yet.
_START: Final = 1

Kind = Callable[[Client, str, str, ArrivalCounter], Awaitable[Device]]
"""Makes a device that has missed all that its user got; given are an asker, user, name, and who counts."""


async def make_stream(asker: Client) -> None:
    """One for all users, in files, without limits."""
    await asker.ask(f"STREAM.CREATE.{_STREAM}", {"name": _STREAM, "subjects": ["users.*"], "storage": "file"})


async def durable(asker: Client, user_id: str, name: str, arrivals: ArrivalCounter) -> Device:
    """The server keeps in a file how far the device is, by what it acknowledges."""
    kept = {"durable_name": name, "ack_policy": "explicit"}
    await _make_consumer(asker, user_id, name, kept)
    return Device(_subject(name), arrivals, acknowledges=True)


async def ordered(_asker: Client, user_id: str, name: str, arrivals: ArrivalCounter) -> Device:
    """The device knows how far it is, as ours do, and has a consumer in memory while it is there."""
    return _Ordered(user_id, name, arrivals)


async def forget(asker: Client, name: str) -> None:
    """Delete the consumer of a device."""
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
