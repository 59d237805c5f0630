"""Tells the server, now and then, how far a device has got. Knows no streams."""

import asyncio
import logging

from unisono.client._errors import UnisonoError
from unisono.client._wire.caller import Deadline, RpcCaller
from unisono.client._wire.methods import ACKNOWLEDGE
from unisono.v1.feed_service_pb2 import AcknowledgeRequest

_log = logging.getLogger("unisono.client")


class Acknowledger:
    """Gathers positions, and acknowledges the last of them.

    What fails is repeated, for a later one if there is, with delays that grow and that the service asks for.
    """

    def __init__(self, caller: RpcCaller, endpoint_id: str, *, interval: float, timeout: float) -> None:
        self._caller = caller
        self._endpoint_id = endpoint_id
        self._interval = interval
        self._timeout = timeout
        self._position = b""
        self._acknowledged = b""
        self._moved = asyncio.Event()

    def advance(self, resume_token: bytes) -> None:
        """The device has applied and kept everything up to here."""
        self._position = resume_token
        self._moved.set()

    async def run(self) -> None:
        """Acknowledge as the device moves, until cancelled."""
        failures = 0
        while True:
            while self._position == self._acknowledged:
                self._moved.clear()
                await self._moved.wait()
            await asyncio.sleep(self._interval)
            error = await self.flush(self._timeout)
            failures = failures + 1 if error else 0
            if error:
                await asyncio.sleep(self._caller.backoff.delay_after(error, failures))

    async def flush(self, timeout: float) -> UnisonoError | None:
        """Acknowledge now, if there is something new, within `timeout` seconds; what went wrong."""
        reached = self._position
        if reached == self._acknowledged:
            return None
        request = AcknowledgeRequest(endpoint_id=self._endpoint_id, resume_token=reached)
        try:
            await self._caller.attempt(ACKNOWLEDGE, request, Deadline(timeout))
            self._acknowledged = reached
        except UnisonoError as error:
            _log.info("the position could not be acknowledged: %r", error)
            return error
        return None
