"""Thousands of devices behind nginx are one address to the server, and a stranger beside them is another.

nginx runs as it ships, but for what open files allow, and for an address that is to have more than its share.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.guarantees.torture import tools
from tests.support import tokens
from tests.support.http2 import fleet
from tests.support.http2.connection import Connection
from tests.support.http2.device import Device
from tests.support.http2.stranger import Stranger, Target
from tests.support.nginx import Nginx, nginx
from tests.support.processes import serving
from unisono.client import Publisher
from unisono.verify.recording import Recorder, steady_clock

DEVICES: Final = 2_000

#: Files that nginx opens besides two for each device.
RESERVED: Final = 500

#: Handshakes that devices lead at a time.
AT_ONCE: Final = 50

FEED: Final = "/unisono.v1.FeedService/GetFeed"

STRANGER, ANOTHER = "127.0.0.9", "127.0.0.10"

#: Calls that the stranger makes at once, and how many in a second are not told that there are too many.
CALLS: Final = 400
LIMIT: Final = 100

REFUSED, TOO_MANY = "16", "8"

TRUSTING: Final = ("--transport", "http", "--trusted-proxies", "127.0.0.1")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("addresses", "raised"),
    [
        pytest.param(["127.0.0.2"], {"limit_conn": "of_address 3000"}, id="one address that may have more"),
        pytest.param([f"127.0.0.{number}" for number in range(2, 6)], {}, id="four addresses"),
    ],
)
async def test_a_fleet_stays_and_hears_all_beside_a_stranger_who_is_held_to_his_limit(
    tmp_path: Path, addresses: Sequence[str], raised: Mapping[str, str]
) -> None:
    tools.require([tools.NGINX])
    files = 2 * DEVICES + RESERVED
    if fleet.fitting(files) < files:
        pytest.skip(f"nginx needs {files} open files for {DEVICES} devices, which are not allowed here")
    room = {"worker_connections": str(files), "worker_rlimit_nofile": str(files)}
    devices = fleet.devices(Recorder(steady_clock()), "fleet", DEVICES)
    with (
        serving(tmp_path / "unisono.db", *TRUSTING) as server,
        nginx(server.address, tmp_path, **room, **raised) as proxy,
    ):
        # Given devices that are live, each on a connection of its own
        await connect(devices, proxy, addresses)
        # When a stranger asks for as much as he can
        since = time.monotonic()
        answers = await ask(proxy, STRANGER, CALLS)
        # Then he is held to his limit, and nobody else is
        assert answers[REFUSED] <= LIMIT * (1 + time.monotonic() - since)
        assert answers[REFUSED] + answers[TOO_MANY] == CALLS
        assert answers[TOO_MANY]
        assert await ask(proxy, ANOTHER, 1) == {REFUSED: 1}
        # And all devices are there still, and hear what is sent
        async with Publisher(server.address, tokens.publisher()) as publisher:
            for user_id in fleet.users(devices):
                await publisher.send(user_id, title="All of you")
        await fleet.until_all(devices, lambda device: device.unread_count == 1)
        assert not any(device.ended for device in devices)
        fleet.abort_all(devices)


async def connect(devices: Sequence[Device], proxy: Nginx, addresses: Sequence[str]) -> None:
    """Connect devices from these addresses in turn, some at a time, and wait until they are live."""
    tls = Target(address=proxy.address, root=str(proxy.root)).context()
    numbered = list(enumerate(devices))
    for some in fleet.groups(numbered, AT_ONCE):
        opening = (
            Connection.open(proxy.address, tls=tls, source=addresses[number % len(addresses)])
            for number, _ in some
        )
        for (_, device), connection in zip(some, await asyncio.gather(*opening), strict=True):
            device.subscribe(connection)
        await asyncio.gather(*(device.caught_up() for _, device in some))


async def ask(proxy: Nginx, source: str, calls: int) -> Counter[str]:
    """Make so many calls without a good token at once, and return how often there was which status."""
    stranger = await Stranger.open(Target(address=proxy.address, source=source, root=str(proxy.root)))
    answers = await asyncio.gather(*(stranger.call(FEED, "no token", b"") for _ in range(calls)))
    stranger.abort()
    return Counter(answer["grpc-status"] for answer in answers)
