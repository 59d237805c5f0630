"""Waits until a server takes devices for disconnected; it stores a change of that within about a second."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from tests.support.http2.connection import Connection
from tests.support.http2.device import Device
from tests.support.http2.unary import LIST_ENDPOINTS
from unisono.v1 import endpoint_service_pb2 as pb

#: Between two looks, in seconds: looking must not be what keeps the server busy.
_PAUSE: Final = 0.05


async def wait_disconnected(address: str, fleet: Sequence[Device], timeout: float) -> list[str]:
    """Wait until no device counts as connected; return the ids of those that do after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    left: list[str] = []
    for device in {device.user_id: device for device in fleet}.values():
        wanted = {other.endpoint_id for other in fleet if other.user_id == device.user_id}
        while still := await _connected(address, device) & wanted:
            if time.monotonic() > deadline:
                left += still
                break
            await asyncio.sleep(_PAUSE)
    return left


async def _connected(address: str, device: Device) -> set[str]:
    """The endpoints of the user of a device that count as connected."""
    connection = await Connection.open(address)
    answer = await device.caller.call(connection, LIST_ENDPOINTS, pb.ListEndpointsRequest())
    connection.close()
    return {endpoint.endpoint_id for endpoint in answer.endpoints if endpoint.connected}
