"""One service for each test, once a node behind a socket and once the one in memory: the same promises."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.services import SERVICES, Service, Serving
from unisono.client import Device, Platform, Publisher, Status

#: Makes a service with these limits.
Serve = Callable[..., Awaitable[Service]]
#: Opens a device of Ada, by its endpoint_id, and waits until it is live; closed at the end of the test.
Join = Callable[..., Awaitable[Device]]


@pytest.fixture(params=list(SERVICES))
async def serve(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Serve]:
    serving: Serving = SERVICES[request.param]
    async with AsyncExitStack() as running:

        async def start(**limits: Any) -> Service:
            return await running.enter_async_context(serving(tmp_path, **limits))

        yield start


@pytest.fixture
async def service(serve: Serve) -> Service:
    return await serve()


@pytest.fixture
async def publisher(service: Service) -> AsyncIterator[Publisher]:
    async with Publisher(service.transport, service.app_token()) as publisher:
        yield publisher


@pytest.fixture
async def join(service: Service) -> AsyncIterator[Join]:
    async with AsyncExitStack() as open_devices:

        async def open_device(
            endpoint_id: str, platform: Platform = Platform.LINUX, **options: Any
        ) -> Device:
            token = options.pop("token", None) or service.user_token()
            device = Device(service.transport, token, endpoint_id=endpoint_id, platform=platform, **options)
            await open_devices.enter_async_context(device)
            await device.wait_for(lambda device: device.status is Status.LIVE)
            return device

        yield open_device


@pytest.fixture
async def laptop(join: Join) -> Device:
    return await join("laptop")


@pytest.fixture
async def phone(join: Join) -> Device:
    return await join("phone", Platform.IOS)
