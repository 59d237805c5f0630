"""Acknowledges a device's position in the background, so that backends can see what has arrived."""

import asyncio
import logging

from unisono.client._errors import UnisonoError
from unisono.client._wire.caller import Deadline, RpcCaller
from unisono.client._wire.methods import ACKNOWLEDGE
from unisono.client._wire.retry import is_verdict
from unisono.v1.feed_service_pb2 import AcknowledgeRequest

_log = logging.getLogger("unisono.client")


class Acknowledger:
    """Gathers positions for `interval` seconds, then acknowledges the last one, within `timeout` seconds.

    What fails is repeated, with a later position if there is one, after delays that grow.
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
        """Record that the device has applied and saved everything up to this position."""
        self._position = resume_token
        self._moved.set()

    def reset(self) -> None:
        """Forget the position: the feed that it was in is gone."""
        self._position = self._acknowledged

    async def run(self) -> None:
        """Acknowledge as the device advances, until cancelled: what is left then, `flush` may send."""
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
        """Acknowledge now, if there is something new, within `timeout` seconds.

        Returns the error if that failed, which is logged; otherwise None. Repeating is safe: an older
        position changes nothing (AcknowledgeResponse). One that the server refuses is not sent again.
        """
        reached = self._position
        if reached == self._acknowledged:
            return None
        request = AcknowledgeRequest(endpoint_id=self._endpoint_id, resume_token=reached)
        try:
            await self._caller.attempt(ACKNOWLEDGE, request, Deadline(timeout))
            self._acknowledged = reached
        except UnisonoError as error:
            _log.info("the position could not be acknowledged: %r", error)
            if not is_verdict(error):
                return error
            self._acknowledged = reached
        return None
