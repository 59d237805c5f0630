"""Devices and backends with tokens of a real provider: they expire, and keys change, and nothing is lost."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import jwt
import pytest

from tests.sdk.backoffs import HASTY
from tests.sdk.provider_node import BACKEND, DEVICE_SCOPE, PHONE, PUBLISHER_SCOPE, Person, Welcomes, trusting
from tests.support.processes import TIMEOUT
from tests.support.provider.provider import Provider
from tests.support.provider.settings import Claims
from unisono.client import Device, Event, Platform, Publisher, Status, create_transport
from unisono.server.keys import remote

#: Seconds for which tokens are good, so that many follow each other soon.
BRIEF = 0.25
#: Seconds between two sends.
PACE = 0.02


def brief(claims: Claims) -> Claims:
    return {**claims, "exp": time.time() + BRIEF}


def live(device: Device) -> bool:
    return device.status is Status.LIVE


def device_of(target: object, token: object, endpoint_id: str) -> Device:
    return Device(target, token, endpoint_id=endpoint_id, platform=Platform.ANDROID, timing=HASTY)  # type: ignore[arg-type]


class Received:
    """The events of a device, as they come."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.events: list[Event] = []
        self._reading = asyncio.create_task(self._read(device.events()))

    async def until(self, count: int) -> list[str]:
        """Wait until so many notifications are there, and return the ids of the events, in their order."""
        await self.device.wait_for(lambda device: len(device.notifications) >= count)
        self._reading.cancel()
        await asyncio.wait([self._reading])
        return [event.notification.id for event in self.events]

    async def _read(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            self.events.append(event)


async def test_many_short_lived_tokens_under_live_sends(provider: Provider, tmp_path: Path) -> None:
    """When each is good for a quarter of a second, the device renews, resumes, and gets each event once."""
    provider.settings.shape = brief
    async with trusting(provider, tmp_path) as target, AsyncExitStack() as stack:
        person = await asyncio.to_thread(Person, provider, "ada")
        transport = Welcomes(create_transport(target))
        stack.push_async_callback(transport.close)
        device = await stack.enter_async_context(device_of(transport, person.token, "phone"))
        publisher = await stack.enter_async_context(
            Publisher(target, lambda: provider.access_token(BACKEND, scope=PUBLISHER_SCOPE))
        )
        await device.wait_for(live)
        received = Received(device)

        sent: list[str] = []
        while person.renewals < 10:
            sent.append((await publisher.send("ada", title="Hello", timeout=TIMEOUT)).id)
            await asyncio.sleep(PACE)

        assert await received.until(len(sent)) == sent
    first, *others = transport.opened["phone"]
    assert not first.resumed
    assert all(opened.resumed for opened in others)
    assert len({opened.token for opened in others}) >= 8


@pytest.mark.parametrize("devices", [20, pytest.param(200, marks=pytest.mark.thorough)])
async def test_keys_rotated_under_open_devices(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, devices: int
) -> None:
    """When the provider takes its key back, all come back with tokens of the new one, and lack nothing."""
    # In production a key that is not known is asked for once in 30 seconds.
    monkeypatch.setattr(remote, "HINT_INTERVAL", 0.2)
    monkeypatch.setattr(remote, "FIRST_RETRY", 0.1)
    users = [f"user-{n}" for n in range(max(2, devices // 10))]
    async with trusting(provider, tmp_path) as target, AsyncExitStack() as stack:
        transport = Welcomes(create_transport(target))
        stack.push_async_callback(transport.close)
        publisher = await stack.enter_async_context(
            Publisher(target, lambda: provider.access_token(BACKEND, scope=PUBLISHER_SCOPE))
        )
        # Given open devices, whose tokens expire soon
        provider.settings.lifetime = 2 if devices == 20 else 15
        received: dict[str, tuple[str, Received]] = {}
        for n in range(devices):
            user_id, id_ = users[n % len(users)], f"device-{n}"
            made = device_of(transport, partial(provider.access_token, PHONE, user_id, DEVICE_SCOPE), id_)
            received[id_] = user_id, Received(await stack.enter_async_context(made))
        for _, each in received.values():
            await each.device.wait_for(live)
        provider.settings.lifetime = 3600

        # When the key changes while there are sends
        key_id = provider.rotate(keep=False)
        sent: dict[str, list[str]] = {user_id: [] for user_id in users}
        while not all(is_of(key_id, transport.opened[id_][-1].token) for id_ in received):
            for user_id, ids in sent.items():
                ids.append((await publisher.send(user_id, title="Hello", timeout=TIMEOUT)).id)
            await asyncio.sleep(0.1)

        # Then each device is live again, and got each once
        for id_, (user_id, each) in received.items():
            await each.device.wait_for(live)
            assert await each.until(len(sent[user_id])) == sent[user_id]
            assert transport.opened[id_][-1].resumed
        assert all(sent.values())


def is_of(key_id: str, token: str) -> bool:
    return bool(jwt.get_unverified_header(token)["kid"] == key_id)
