"""Blocking devices for tests, and waits for their states."""

import threading
from typing import Any

from tests.sdk.device_script import TOKEN
from tests.support.processes import TIMEOUT
from unisono.client import BlockingDevice, Platform, Status


def till(target: Any, token: str = TOKEN, **more: Any) -> BlockingDevice:
    return BlockingDevice(target, token, endpoint_id="till", platform=Platform.LINUX, **more)


def until_live(device: BlockingDevice) -> None:
    device.wait_for(lambda device: device.status is Status.LIVE, timeout=TIMEOUT)


def until_held(device: BlockingDevice, count: int) -> None:
    device.wait_for(lambda device: len(device.notifications) == count, timeout=TIMEOUT)


def threads() -> int:
    """Return how many threads of devices there are."""
    return sum(thread.name == "unisono-device" for thread in threading.enumerate())
