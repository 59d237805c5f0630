"""A device of the service: a task reads its stream, and it can resume from any of its positions."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from tests.guarantees.stateful.device_history import DeviceHistory
from tests.guarantees.stateful.recorded_client import RecordedClient
from unisono.client import UnisonoError
from unisono.client._wire import methods
from unisono.server.model import Audience
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2


class ServiceDevice:
    """A device of one user, with one endpoint at a time."""

    def __init__(self, client: RecordedClient, audience: Audience) -> None:
        self.client = client
        self.platform = notification_pb2.DevicePlatform.ValueType(audience.platform)
        self.past = DeviceHistory()
        self._name = audience.endpoint_id
        self._lives = 1
        self._heard = 0
        self._synced = False
        self._changed = asyncio.Condition()
        self._reading: asyncio.Task[None] | None = None

    async def open(self, *, from_end: bool = False) -> None:
        """Open a stream, from the token held if there is one; the one before is cut."""
        await self.drop()
        self._heard, self._synced = 0, False
        self._reading = asyncio.create_task(self._read(from_end, self.past.held.token))

    async def receive(self, count: int) -> None:
        """Wait until `count` messages have come on the stream, or Synced, or its end."""
        await self.until(lambda: self._heard >= count or self._synced)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for the condition, or for the end of the stream."""
        async with self._changed:
            await self._changed.wait_for(lambda: condition() or self.is_over)

    @property
    def is_over(self) -> bool:
        """Return whether there is no open stream."""
        return self._reading is None

    async def drop(self) -> None:
        """Cut the stream."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.wait([reading])

    async def settle(self, last: int) -> None:
        """Reconnect until the device is complete at the last revision."""
        while not self.past.held.is_at(last):
            if self.is_over:
                await self.open()
            await self.until(lambda: self.past.held.is_at(last))

    async def acknowledge(self) -> None:
        """Acknowledge the position held, which may be behind an earlier one: the largest counts.

        Not before a stream has begun: the position may be of a feed that was deleted since.
        """
        await self.receive(1)
        token, revision = self.past.held.token, self.past.held.revision
        if token and self._heard:
            answer = await self.client.call(methods.ACKNOWLEDGE, resume_token=token)
            assert answer.acknowledged_revision >= revision

    async def let_go(self) -> None:
        """Wait for the end of the stream of a user who was deleted, and continue with nothing."""
        await self.until(lambda: False)
        self.past.begin()

    async def leave(self) -> None:
        """Delete the endpoint, wait for the end of its stream, and continue as another endpoint."""
        await self.client.call(methods.REGISTER_ENDPOINT, platform=self.platform)
        await self.client.call(methods.DELETE_ENDPOINT)
        await self.until(lambda: False)
        self._lives += 1
        self.client = replace(self.client, endpoint_id=f"{self._name}-{self._lives}")
        self.past.begin()

    async def _read(self, from_end: bool, token: bytes) -> None:
        start = {"resume_token": token} if token else {"start_position": _position(from_end)}
        try:
            async with aclosing(self.client.subscribe(platform=self.platform, **start)) as said:
                async for message in said:
                    await self._take(message, from_end)
        except UnisonoError:
            # Why it ended is in the history.
            pass
        async with self._changed:
            self._reading = None
            self._changed.notify_all()

    async def _take(self, message: pb.SubscribeResponse, from_end: bool) -> None:
        async with self._changed:
            self.past.apply(message, from_end=from_end)
            self._heard += 1
            self._synced |= message.HasField("synced")
            self._changed.notify_all()


def _position(from_end: bool) -> pb.StartPosition.ValueType:
    return pb.START_POSITION_END if from_end else pb.START_POSITION_BEGINNING
