"""The server of the whole service on HTTP of our own, before it serves."""

from pathlib import Path

from tests.support.nodes import Setup
from unisono.server.api.http_server import HttpServer


async def test_one_that_has_not_started_stops(tmp_path: Path) -> None:
    node = Setup(path=tmp_path / "unisono.db", make_server=HttpServer).node()
    await node.stop(grace=0)
