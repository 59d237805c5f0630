"""Drained: a node that stops sends every device that reads a Goodbye with a delay, and loses nothing."""

import asyncio
from pathlib import Path

import grpc

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.devices import Device
from tests.support.nodes import Running, Setup, running
from tests.support.processes import TIMEOUT
from tests.support.raw_http2 import RawSubscriber
from unisono.client import from_rpc_error
from unisono.server.app.node import DRAIN_BATCH, DRAIN_RETRY
from unisono.v1 import feed_service_pb2 as pb

DEVICES = DRAIN_BATCH + 50
USERS = [f"user-{number}" for number in range(DEVICES // 50)]


async def devices(node: Running) -> list[Device]:
    """Return connected devices, more than a drain ends at once."""
    found = [Device(node.user(USERS[n % len(USERS)]), f"device-{n}") for n in range(DEVICES)]
    await asyncio.gather(*(device.connect() for device in found))
    return found


async def answered(node: Running, user_id: str) -> list[str]:
    """Send until the node refuses, and return the ids of what was answered OK."""
    backend = ApiClient(node.publisher, user_id=user_id)
    ids: list[str] = []
    try:
        while True:
            ids.append((await backend.send()).id)
    except grpc.aio.AioRpcError as error:
        # CANCELLED is the transport's word for a call that came when nobody took calls any more.
        if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
            raise
    return ids


async def test_every_device_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    setup = Setup(path=tmp_path / "unisono.db")
    async with running(setup) as node:
        online = await devices(node)
        sending = [asyncio.create_task(answered(node, user)) for user in USERS]
        await asyncio.gather(*(device.at(3) for device in online))

        await node.node.stop(grace=TIMEOUT)

        errors = await asyncio.gather(*(device.ended() for device in online))
        sent = dict(zip(USERS, await asyncio.gather(*sending), strict=True))
    goodbyes = [device.held.messages[-1].goodbye for device in online]
    assert {goodbye.reason for goodbye in goodbyes} == {pb.GOODBYE_REASON_DRAINING}
    delays = [from_rpc_error(error).retry_delay for error in errors]
    assert {error.code() for error in errors} == {grpc.StatusCode.UNAVAILABLE}
    assert all(delay is not None and 0 <= delay <= DRAIN_RETRY for delay in delays)
    assert len(set(delays)) > DEVICES / 2

    async with running(setup) as node:
        for number, device in enumerate(online):
            device.client = node.user(USERS[number % len(USERS)])
            device.error = None
        await asyncio.gather(*(device.connect() for device in online))
        for number, device in enumerate(online):
            ids = sent[USERS[number % len(USERS)]]
            assert device.held.messages[0].welcome.resumed
            assert set(ids) <= device.held.notifications.keys()
            assert len(device.held.rung) == len(set(device.held.rung)) == len(device.held.notifications)
            await device.disconnect()


async def test_a_device_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    async with running(Setup(path=tmp_path / "unisono.db")) as node:
        reading = await Device(node.user(), "reading").connect()
        stalled = await RawSubscriber.subscribe(node, tokens.device(), "stalled")
        await stalled.listen(read=False, until=2)
        backend = ApiClient(node.publisher, user_id="ada")
        for _ in range(20):
            await backend.send(payload={"raw_content": b"x" * 32 * 1024})
        await reading.at(20)

        stopping = asyncio.create_task(node.node.stop(grace=1))
        await reading.ended()

        assert reading.held.messages[-1].goodbye.reason == pb.GOODBYE_REASON_DRAINING
        assert not stopping.done()
        await asyncio.wait_for(stopping, TIMEOUT)
        stalled.abort()
