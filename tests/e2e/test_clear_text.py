"""A server that other machines reach without TLS says so when it starts, unless a proxy ends TLS."""

from pathlib import Path

import pytest

from tests.support.processes import TESTERS, Environment, serving

WARNING = "access tokens travel in the clear to this address"

#: An address that only this machine reaches, though it does not look like that.
OTHER: Environment = {**TESTERS, "GRPC_DNS_RESOLVER": "native"}
LISTEN = ("--listen", "127.1:0")


@pytest.mark.parametrize(
    ("flags", "warned"),
    [
        (LISTEN, True),
        ((*LISTEN, "--behind-tls-proxy"), False),
        (("--listen", "127.0.0.1:0"), False),
        (("--listen", "[::1]:0"), False),
    ],
    ids=["another address", "behind a proxy", "loopback", "IPv6 loopback"],
)
def test_whether_it_warns(tmp_path: Path, flags: tuple[str, ...], warned: bool) -> None:
    with serving(tmp_path / "unisono.db", *flags, env=OTHER) as server:
        pass
    warnings = [entry for entry in server.log if entry["level"] == "warning"]
    assert [warning["event"] for warning in warnings] == [WARNING] * warned
    for warning in warnings:
        assert {"--tls-certificate", "--behind-tls-proxy"} <= set(warning["advice"].replace(",", " ").split())
