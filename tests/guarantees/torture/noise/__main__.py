"""The process of a busy client, with the arguments ADDRESS SCENE PART.

The process prints `ready`. For each line of input it plays the scene once, with the steps divided by PART,
and prints how many seconds that took.
"""

import asyncio
import sys
import time
from dataclasses import replace
from itertools import count

from tests.guarantees.torture.noise.scenes import BUSY, SCENES, play, service
from tests.support import tokens
from unisono.client import bearer
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import notification_pb2
from unisono.v1.endpoint_service_pb2_grpc import EndpointServiceStub


async def main(address: str, name: str, part: str) -> None:
    """Prepare the feed of the busy user, and play the scene once for each line of input."""
    scene, numbers = SCENES[name], count()
    scene = replace(scene, steps=scene.steps // int(part))
    laptop = endpoint_pb.RegisterEndpointRequest(
        endpoint_id="laptop", platform=notification_pb2.DEVICE_PLATFORM_LINUX
    )
    async with service(address) as busy:
        await busy.fill(scene.before)
        endpoints = EndpointServiceStub(busy.channel)
        await endpoints.RegisterEndpoint(laptop, metadata=bearer(tokens.device(BUSY)))
        _say("ready")
        while await asyncio.to_thread(sys.stdin.readline):
            began = time.monotonic()
            await play(scene, busy, numbers)
            _say(f"{time.monotonic() - began}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
