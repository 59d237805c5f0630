"""Which clients are on this machine, by their names as gRPC has them."""

import pytest

from unisono.server.api.http.networks import is_this_machine


@pytest.mark.parametrize(
    "peer",
    [
        *("ipv4:127.0.0.1:5000", "ipv4:127.7.7.7:1", "ipv6:[::1]:5000", "ipv6:%5B::1%5D:5000", "unix:"),
        *("unix:/run/unisono.sock", "ipv6:[::ffff:127.0.0.1]:5000"),
    ],
)
def test_loopback_and_sockets_of_unix(peer: str) -> None:
    assert is_this_machine(peer)


@pytest.mark.parametrize(
    "peer",
    [
        *("ipv4:10.0.0.7:5000", "ipv6:[2001:db8::1]:5000", "ipv6:[fe80::1%25eth0]:1", "ipv4:128.0.0.1:1"),
        *("", "ipv4:", "ipv4:localhost:1", "vsock:1:2", "ipv6:[::ffff:10.0.0.7]:1", "127.0.0.1:5000"),
    ],
)
def test_nothing_else(peer: str) -> None:
    assert not is_this_machine(peer)
