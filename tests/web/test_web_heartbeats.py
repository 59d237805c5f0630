"""No stream of the web is silent for as long as a proxy takes, by whichever door."""

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from tests.support import tokens
from tests.support.nodes import Client, Setup, running
from tests.support.web.channel import DOORS, WebChannel
from unisono.server.api.http_server import HttpServer
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_pb2


async def agreed(channel: Any) -> int:
    """The seconds between heartbeats that a device agrees upon, which asks for five minutes."""
    request = pb.SubscribeRequest(
        endpoint_id="window",
        platform=notification_pb2.DEVICE_PLATFORM_WEB,
        heartbeat_interval=Duration(seconds=300),
    )
    device = Client(channel, tokens.device())
    stream = device.feeds.Subscribe(request, metadata=device.metadata)
    try:
        return (await anext(aiter(stream))).welcome.heartbeat_interval.seconds
    finally:
        stream.cancel()


@pytest.mark.parametrize("door", DOORS)
async def test_a_stream_of_the_web_beats_within_45_seconds(tmp_path: Path, door: str) -> None:
    setup = Setup(path=tmp_path / "unisono.db", make_server=HttpServer)
    async with running(setup) as node, WebChannel(node.target, DOORS[door]) as channel:
        assert await agreed(channel) == 45
        assert await agreed(node.channel) == 300
