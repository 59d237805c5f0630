"""Tells the server, now and then, how far a device has got. Knows no streams."""

import asyncio
import logging

from unisono.client._errors import UnisonoError
from unisono.client._wire.caller import Caller, Deadline
from unisono.client._wire.methods import ACKNOWLEDGE
from unisono.v1.feed_service_pb2 import AcknowledgeRequest

_log = logging.getLogger("unisono.client")


class Acknowledging:
    """Gathers positions, and acknowledges the last of them. One that fails is made again, or for a later."""

    def __init__(self, caller: Caller, endpoint_id: str, *, interval: float, timeout: float) -> None:
        self._caller = caller
        self._endpoint_id = endpoint_id
        self._interval = interval
        self._timeout = timeout
        self._reached = b""
        self._told = b""
        self._moved = asyncio.Event()

    def reach(self, resume_token: bytes) -> None:
        """The device has applied and kept everything up to here."""
        self._reached = resume_token
        self._moved.set()

    async def run(self) -> None:
        """Acknowledge as the device moves, until cancelled."""
        while True:
            while self._reached == self._told:
                self._moved.clear()
                await self._moved.wait()
            await asyncio.sleep(self._interval)
            await self.tell(self._timeout)

    async def tell(self, timeout: float) -> None:
        """Acknowledge now, if there is something new, within `timeout` seconds."""
        reached = self._reached
        if reached == self._told:
            return
        request = AcknowledgeRequest(endpoint_id=self._endpoint_id, resume_token=reached)
        try:
            await self._caller.attempt(ACKNOWLEDGE, request, Deadline(timeout))
            self._told = reached
        except UnisonoError as error:
            _log.info("the position could not be acknowledged: %s", error)
