"""A server that is about to stop says so while it still serves, until its delay is over."""

import asyncio
import signal
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2 as health

from tests.e2e.test_drain import endless, watch
from tests.support import tokens, transports
from tests.support.api_client import ApiClient
from tests.support.devices import Device
from tests.support.methods import HEALTH
from tests.support.nodes import Client
from tests.support.processes import TIMEOUT, ServerProcess, serving
from unisono.client import create_channel
from unisono.v1 import feed_service_pb2 as pb

LONG = ("--drain-delay", "600", "--drain-grace", "60")
STATUS = health.HealthCheckResponse

over_http = pytest.mark.skipif(transports.NAME != "http", reason="grpcio has no door for the web")


def healthz(server: ServerProcess) -> tuple[int, bytes]:
    connection = HTTPConnection(server.address, timeout=TIMEOUT)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


async def test_meanwhile_it_is_not_serving_and_serves(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", *LONG) as server:
        async with create_channel(server.address) as channel:
            backend = ApiClient(Client(channel, tokens.publisher()), user_id="ada")
            laptop = await Device(Client(channel, tokens.device()), "laptop").connect()
            watched = aiter(watch(channel))
            assert (await anext(watched)).status == STATUS.SERVING

            server.signal(signal.SIGTERM)
            assert (await anext(watched)).status == STATUS.NOT_SERVING

            async with create_channel(server.address) as another:
                answer = STATUS.FromString(await HEALTH[0].call(another, b""))
                phone = await Device(Client(another, tokens.device()), "phone").connect()
                sent = await backend.send()
                for device in (laptop, phone):
                    await device.at(sent.revision)
                assert answer.status == STATUS.NOT_SERVING

                served_until = datetime.now(UTC)
                server.signal(signal.SIGTERM)
                for device in (laptop, phone):
                    await device.ended()
                    assert device.held.messages[-1].goodbye.reason == pb.GOODBYE_REASON_DRAINING
        assert await asyncio.to_thread(server.ended) == 0
    (draining,) = server.entries("draining")
    assert datetime.fromisoformat(draining["timestamp"]) >= served_until


@over_http
async def test_who_asks_by_http_is_told_too(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", *LONG) as server:
        before = await asyncio.to_thread(healthz, server)
        server.signal(signal.SIGTERM)
        await asyncio.to_thread(server.until, "about to stop")
        meanwhile = await asyncio.to_thread(healthz, server)
        server.signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.ended) == 0
    assert (before, meanwhile) == ((200, b"SERVING\n"), (503, b"NOT_SERVING\n"))


def test_after_the_delay_it_stops_by_itself(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", "--drain-delay", "0.1") as server:
        server.signal(signal.SIGTERM)
        assert server.ended() == 0
    events = [entry["event"] for entry in server.log]
    assert events[events.index("about to stop") :] == ["about to stop", "draining", "stopped"]


async def test_a_third_signal_stops_it_at_once(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", *LONG) as server:
        async with endless(server):
            for event in ("about to stop", "draining"):
                server.signal(signal.SIGTERM)
                await asyncio.to_thread(server.until, event)
            server.signal(signal.SIGTERM)
            assert await asyncio.to_thread(server.ended) == 1
    assert not server.entries("stopped")
