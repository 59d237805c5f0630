"""Ordered, Unique, Complete, Convergent, Exact: on real streams, with a bus that loses hints, and cuts."""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.guarantees.checked_device import ADA, CheckedDevice
from tests.guarantees.random_calls import RandomCalls
from tests.guarantees.record import Record
from tests.support.api_client import ApiClient
from tests.support.buses import LossyBus, NullBus
from tests.support.clocks import FakeClock
from tests.support.nodes import Running, Setup, running
from unisono.server.bus.local import LocalBus
from unisono.server.model import Platform

CALLS = 120
BUSES: dict[str, Callable[[Random], LocalBus]] = {
    "local": lambda random: LocalBus(),
    "lossy": lambda random: LossyBus(random),
    "deaf": lambda random: NullBus(),
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("bus", BUSES)
async def test_every_promise_is_kept(bus: str, seed: int, tmp_path: Path) -> None:
    random = Random(f"{bus} {seed}")  # noqa: S311
    clock = FakeClock(int(time.time() * 1000))
    record = Record(BUSES[bus](random))
    async with running(Setup(path=tmp_path / "unisono.db", bus=record, clock=clock)) as node:
        calls = RandomCalls(random, node)
        for _ in range(10):
            await calls.one()
        devices = [
            CheckedDevice(node, record, "phone", Platform.IOS),
            CheckedDevice(node, record, "laptop", Platform.LINUX),
            CheckedDevice(node, record, "tablet", Platform.ANDROID),
        ]
        for device in devices:
            await device.connect()

        for _ in range(CALLS):
            await calls.one()
            if random.random() < 0.2:
                clock.advance(random.choice((1, 8, 31)))
            if random.random() < 0.1:
                await drop(random.choice(devices))

        await settle(clock, record, devices)
        assert min(device.check() for device in devices) > 1
        await assert_same_as_the_feed(node, record, devices)
        for device in devices:
            await device.disconnect()


async def drop(device: CheckedDevice) -> None:
    """Cut the stream of a device, and open it again at once."""
    await device.disconnect()
    device.open()


async def settle(clock: FakeClock, record: Record, devices: list[CheckedDevice]) -> None:
    """Let time pass until nothing is due any more, and every device has caught up."""
    async with clock.advancing():
        await record.passed(ADA, clock.now() + 100_000)
        for device in devices:
            await device.at(record.last(ADA))


async def assert_same_as_the_feed(node: Running, record: Record, devices: list[CheckedDevice]) -> None:
    for device in devices:
        feed = await ApiClient(node.user()).feed(endpoint_id=device.endpoint_id)
        assert feed.last_revision == record.last(ADA)
        assert feed.unread_count == device.held.unread_count
