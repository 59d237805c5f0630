"""The whole service in memory, for the tests of programs that use this SDK: no server, no network, no files.

    service = FakeService()
    async with Publisher(service.transport, service.app_token()) as publisher:
        await publisher.send("ada", title="Your parcel is at the door")

It keeps the contract as the server does, and is held to the same tests. Nothing in it is fast on purpose.
"""

from unisono.client.testing.limits import Limits
from unisono.client.testing.service import FakeService

__all__ = ["FakeService", "Limits"]
