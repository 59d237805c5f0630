"""Behind a trusted proxy the server knows clients by their addresses, and nobody can take another's."""

import json
from pathlib import Path
from typing import Final

import grpc
import pytest
import trustme

from tests.guarantees.torture import tools
from tests.support import tokens
from tests.support.haproxy import Haproxy, haproxy, passthrough
from tests.support.http2.stranger import Stranger, Target
from tests.support.nginx import Nginx, nginx
from tests.support.processes import serving
from unisono.client import bearer, create_channel
from unisono.v1.feed_service_pb2 import GetFeedRequest
from unisono.v1.feed_service_pb2_grpc import FeedServiceStub

FEED: Final = "/unisono.v1.FeedService/GetFeed"

#: Where the proxy is, and another address of the same machine.
PROXY, CLIENT = "127.0.0.1", "127.0.0.2"

TRUSTING: Final = ("--transport", "http", "--trusted-proxies", PROXY)


async def test_each_request_has_the_address_of_its_client(tmp_path: Path) -> None:
    tools.require([tools.HAPROXY, tools.NGINX])
    audit = tmp_path / "audit.jsonl"
    with serving(tmp_path / "unisono.db", *TRUSTING, "--audit-log", audit) as server:
        for proxied in (haproxy, nginx):
            with proxied(server.address, tmp_path) as proxy:
                await be_refused(proxy)
    assert [host(peer) for peer in refused(audit)] == [CLIENT, PROXY] * 2


async def test_each_connection_has_the_address_of_its_client(tmp_path: Path) -> None:
    tools.require([tools.HAPROXY])
    audit, root, certificate = (tmp_path / name for name in ("audit.jsonl", "root.pem", "certificate.pem"))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(root)
    certificate.touch(0o600)
    authority.issue_cert(PROXY).private_key_and_cert_chain_pem.write_to_path(certificate)
    flags = ("--proxy-protocol", "--tls-certificate", certificate, "--tls-key", certificate)
    with (
        serving(tmp_path / "unisono.db", *TRUSTING, *flags, "--audit-log", audit) as server,
        passthrough(server.address, root) as proxy,
    ):
        await be_refused(proxy)
    assert [host(peer) for peer in refused(audit)] == [CLIENT, PROXY]


async def be_refused(proxy: Haproxy | Nginx) -> None:
    """Be refused as one from another address, and as one who claims to be somebody else."""
    stranger = await Stranger.open(Target(address=proxy.address, source=CLIENT, root=str(proxy.root)))
    await stranger.call(FEED, "no token", b"")
    stranger.abort()
    async with create_channel(proxy.address, root_certificates=proxy.root.read_bytes()) as channel:
        claims = (("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1"))
        metadata = (*bearer(tokens.device("ada")), *claims)
        with pytest.raises(grpc.aio.AioRpcError, match="PERMISSION_DENIED"):
            await FeedServiceStub(channel).GetFeed(GetFeedRequest(user_id="ben"), metadata=metadata)


def refused(audit: Path) -> list[str]:
    """Return the peers of those who were."""
    return [json.loads(line)["peer"] for line in audit.read_text().splitlines()]


def host(peer: str) -> str:
    return peer.partition(":")[0]
