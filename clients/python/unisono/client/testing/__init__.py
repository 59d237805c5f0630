"""The whole service in memory, for the tests of programs that use this SDK: no server, network or files.

    service = FakeService()
    async with Publisher(service.transport, service.app_token()) as publisher:
        await publisher.send("ada", title="Your parcel is at the door")

The service in memory answers as the server does, and has to pass the same tests. It is not made to be fast.
"""

from unisono.client.testing.limits import Limits
from unisono.client.testing.service import FakeService

__all__ = ["FakeService", "Limits"]
