"""Drained: a server that stops on SIGTERM loses nothing, and tells every device when to come back."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2 as health

from tests.support import tokens
from tests.support.devices import Device
from tests.support.load import USERS, SendLoad, holds
from tests.support.nodes import Client
from tests.support.processes import ServerProcess, serving
from unisono.client import bearer, create_channel, from_rpc_error
from unisono.server.app.node import DRAIN_RETRY
from unisono.v1 import feed_service_pb2 as pb

ENDPOINTS = [(user, endpoint) for user in USERS for endpoint in ("phone", "laptop")]

#: What a server may take to stop, in seconds, and far more than any here needs, which would show if used up.
GRACE = 4.0
LONG_GRACE = 60.0

#: What closing the store and ending the process may take besides, in seconds, however busy the machine is.
BESIDE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What happened while a server under load was stopped."""

    store: Path
    load: SendLoad
    devices: Sequence[Device]
    health: Sequence[int]
    exit_status: int
    seconds: float


@pytest.fixture(scope="module")
def drained(tmp_path_factory: pytest.TempPathFactory) -> Drained:
    return asyncio.run(drain(tmp_path_factory.mktemp("drained") / "unisono.db"))


async def drain(store: Path) -> Drained:
    """Stop a server with open streams while backends send."""
    load = SendLoad()
    with serving(store, "--drain-grace", str(GRACE)) as server:
        async with create_channel(server.address) as channel:
            devices = await online(channel)
            watched = watch(channel)
            await load.send(channel, after=60, do=partial(server.signal, signal.SIGTERM))
            await asyncio.gather(*(device.ended() for device in devices))
            statuses = [answer.status async for answer in watched]
            exit_status = await asyncio.to_thread(server.ended)
    return Drained(
        store=store,
        load=load,
        devices=devices,
        health=statuses,
        exit_status=exit_status,
        seconds=seconds(server),
    )


def seconds(server: ServerProcess) -> float:
    """How long a server took to stop, by its log."""
    began, ended = (
        datetime.fromisoformat(server.until(event)["timestamp"]) for event in ("draining", "stopped")
    )
    return (ended - began).total_seconds()


async def online(channel: grpc.aio.Channel, before: Sequence[Device] = ()) -> list[Device]:
    """Every endpoint with an open stream, from where it left off."""
    devices = [
        Device(Client(channel, tokens.device(user)), endpoint, old.held if old else None)
        for (user, endpoint), old in zip_longest(ENDPOINTS, before)
    ]
    return list(await asyncio.gather(*(device.connect() for device in devices)))


def watch(channel: grpc.aio.Channel) -> grpc.aio.UnaryStreamCall[bytes, health.HealthCheckResponse]:
    """What the server says of its health, until the stream ends."""
    method: grpc.aio.UnaryStreamMultiCallable[bytes, health.HealthCheckResponse] = channel.unary_stream(
        "/grpc.health.v1.Health/Watch", response_deserializer=health.HealthCheckResponse.FromString
    )
    return method(b"")


def test_every_device_gets_a_goodbye_and_learns_when_to_come_back(drained: Drained) -> None:
    delays = []
    for device in drained.devices:
        last = device.held.messages[-1].goodbye
        assert last.reason == pb.GOODBYE_REASON_DRAINING
        assert device.error is not None
        explanation = from_rpc_error(device.error)
        assert (explanation.code, explanation.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        assert explanation.retry_delay is not None
        assert explanation.retry_delay == pytest.approx(last.retry_delay.ToTimedelta().total_seconds())
        delays.append(explanation.retry_delay)
    assert 0 <= min(delays) < max(delays) <= DRAIN_RETRY


def test_whoever_watches_its_health_is_told(drained: Drained) -> None:
    status = health.HealthCheckResponse
    assert drained.health == [status.SERVING, status.NOT_SERVING]


def test_it_ends_well_within_its_grace(drained: Drained) -> None:
    """Not always earlier: gRPC may hold a call that came in the moment of the signal until the end."""
    assert drained.exit_status == 0
    assert drained.seconds < GRACE + BESIDE


def test_sends_are_answered_or_refused_as_to_be_repeated(drained: Drained) -> None:
    """CANCELLED is the transport's word for a call that came when nobody took calls any more."""
    codes = {failure.code() for failure in drained.load.failures}
    assert codes <= {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


async def test_afterwards_nothing_is_lost_and_every_device_resumes(drained: Drained) -> None:
    with serving(drained.store) as server:
        async with create_channel(server.address) as channel:
            await holds(channel, drained.load.answers)
            for device, (user, _) in zip(await online(channel, drained.devices), ENDPOINTS, strict=True):
                assert device.held.messages[0].welcome.resumed
                assert drained.load.answers[user].keys() <= device.held.notifications.keys()
                await device.disconnect()


async def test_streams_do_not_use_up_the_grace(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", "--drain-grace", str(LONG_GRACE)) as server:
        async with create_channel(server.address) as channel:
            devices = await online(channel)
            server.signal(signal.SIGINT)
            await asyncio.gather(*(device.ended() for device in devices))
            assert await asyncio.to_thread(server.ended) == 0
    assert seconds(server) < LONG_GRACE / 2


async def test_what_does_not_end_is_cut_after_the_grace(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", "--drain-grace", "0.2") as server:
        async with endless(server):
            server.signal(signal.SIGTERM)
            assert await asyncio.to_thread(server.ended) == 0
    assert 0.2 <= seconds(server) < BESIDE


async def test_a_second_signal_stops_it_at_once(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", "--drain-grace", "60") as server:
        async with endless(server):
            server.signal(signal.SIGTERM)
            await asyncio.to_thread(server.until, "draining")
            server.signal(signal.SIGTERM)
            assert await asyncio.to_thread(server.ended) == 1
    assert not server.entries("stopped")


@asynccontextmanager
async def endless(server: ServerProcess) -> AsyncIterator[None]:
    """A call that the server has taken, and that only the caller ends: reflection, waiting for a question."""
    async with create_channel(server.address) as channel:
        method: Any = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
        call = method(metadata=bearer(tokens.publisher()))
        await call.write(b"\x3a\x00")
        assert await call.read()
        yield
        call.cancel()
