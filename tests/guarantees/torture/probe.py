"""Measures latency from the beginning of a send to its arrival on devices that read."""

from collections.abc import Sequence
from itertools import cycle, islice
from typing import Final, Self

from tests.guarantees.torture.context import ACCESS, TrialContext
from tests.support import tokens
from tests.support.http2.connection import Connection
from tests.support.http2.device import Device
from tests.support.http2.unary import SEND, RecordedCaller
from unisono.v1 import notification_pb2
from unisono.v1 import notification_service_pb2 as pb
from unisono.verify.history import Principal

_CONTENT: Final = notification_pb2.Payload(visual_content=notification_pb2.VisualContent(title="Hello"))


class Probe:
    """Sends one notification at a time, to the users of some devices in turn, on its own connection."""

    def __init__(self, context: TrialContext, connection: Connection, readers: Sequence[Device]) -> None:
        self.clock = context.recorder.clock
        self._teller = RecordedCaller(context.recorder, Principal(app_id=ACCESS.app_id), tokens.publisher())
        self._connection = connection
        self._readers: dict[str, list[Device]] = {}
        for device in readers:
            self._readers.setdefault(device.user_id, []).append(device)

    @classmethod
    async def to(cls, context: TrialContext, address: str, readers: Sequence[Device]) -> Self:
        """Connect to a server. The devices must be connected, and nobody else may send to their users."""
        return cls(context, await Connection.open(address), readers)

    async def latencies(self, sends: int) -> list[float]:
        """Send so many notifications, and return the latencies to each device in milliseconds."""
        found: list[float] = []
        for user_id in islice(cycle(self._readers), sends):
            found += await self.one(user_id)
        return found

    async def one(self, user_id: str) -> list[float]:
        """Send to one user, and return the latencies to each of the user's devices in milliseconds."""
        began = self.clock()
        answer = await self._teller.call(
            self._connection, SEND, pb.SendNotificationRequest(user_id=user_id, payload=_CONTENT)
        )
        readers = self._readers[user_id]
        for device in readers:
            await device.caught_up(answer.result.revision)
        return [1000 * (device.reached - began) for device in readers]
