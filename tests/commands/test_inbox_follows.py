"""The live inbox shows what the device shows, and looks again when something passes."""

import asyncio
from datetime import timedelta

from tests.support.processes import TIMEOUT
from unisono.client import Device, Platform, Publisher
from unisono.client._wire.address import Address
from unisono.client.cli.formatting.errors import Attempt
from unisono.client.cli.inbox.inbox import Inbox
from unisono.client.testing import FakeService


async def test_what_passes_leaves_it_by_itself() -> None:
    service, looked = FakeService(), asyncio.Event()
    async with (
        asyncio.timeout(TIMEOUT),
        Publisher(service.transport, service.app_token()) as backend,
        Device(
            service.transport, service.user_token("ada"), endpoint_id="a", platform=Platform.LINUX
        ) as device,
    ):
        await backend.send("ada", title="For a moment", display_time_to_live=timedelta(milliseconds=50))
        await backend.send("ada", title="For long")
        attempt = Attempt(address=Address(target="127.0.0.1:1"), app=False)
        inbox = Inbox(device, attempt=attempt, changed=looked.set, rang=lambda: None)
        following = asyncio.create_task(inbox.run())
        await device.wait_for(lambda device: device.revision == 2)
        while [row.title for row in inbox.view_model().rows] != ["For long"]:
            looked.clear()
            await looked.wait()
        view = inbox.view_model()
        assert (view.unread_count, view.hidden) == (1, 0)
        following.cancel()
        await asyncio.wait([following])
