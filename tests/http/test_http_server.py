"""The server of the whole service on HTTP of our own, before it serves."""

from pathlib import Path

import pytest

from tests.support.nodes import Setup
from unisono.server.api.http_server import HttpServer
from unisono.server.api.tls import Certificate, CertificateError


async def test_it_has_no_tls(tmp_path: Path) -> None:
    node = Setup(path=tmp_path / "unisono.db", make_server=HttpServer).node()
    with pytest.raises(CertificateError, match='needs transport = "grpcio", or a proxy in front'):
        await node.start("127.0.0.1:0", Certificate.__new__(Certificate))


async def test_one_that_has_not_started_stops(tmp_path: Path) -> None:
    node = Setup(path=tmp_path / "unisono.db", make_server=HttpServer).node()
    await node.stop(grace=0)
