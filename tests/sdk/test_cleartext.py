"""Whoever sends access tokens over a network without TLS is told so, once, and what to do about it."""

from collections.abc import Iterator

import pytest

from tests.sdk.device_script import TOKEN, laptop
from unisono.client import BlockingPublisher, Publisher, create_channel, create_transport
from unisono.client._wire import cleartext
from unisono.client._wire.targets import leaves_the_machine

#: Places that never lead to anybody (RFC 5737 and RFC 3849).
ELSEWHERE = "192.0.2.1:50051"

REMOTE = [
    ELSEWHERE,
    "unisono.example.com:443",
    "[2001:db8::1]:50051",
    "dns:unisono.example.com:443",
    "dns:///unisono.example.com:443",
    "dns://127.0.0.1/unisono.example.com:443",
    "ipv4:192.0.2.1:50051",
    "ipv4:127.0.0.1:50051,192.0.2.1:50051",
    "ipv6:[2001:db8::1]:50051",
    "xds:///unisono",
    "localhost.example.com:443",
    "0.0.0.0:50051",
]
LOCAL = [
    "127.0.0.1:50051",
    "127.8.8.8:1",
    "localhost:50051",
    "unisono.localhost:50051",
    "[::1]:50051",
    "[::ffff:127.0.0.1]:50051",
    "dns:localhost:50051",
    "dns:///localhost:50051",
    "ipv4:127.0.0.1:50051,127.0.0.2:50051",
    "ipv6:[::1]:50051",
    "unix:/run/unisono.sock",
    "unix-abstract:unisono",
]


@pytest.fixture(autouse=True)
def nobody_was_told() -> Iterator[None]:
    cleartext.warn_of.cache_clear()
    yield
    cleartext.warn_of.cache_clear()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "unisono.client"]


@pytest.mark.parametrize("target", REMOTE)
def test_a_target_elsewhere(target: str) -> None:
    assert leaves_the_machine(target)


@pytest.mark.parametrize("target", LOCAL)
def test_a_target_on_this_machine(target: str) -> None:
    assert not leaves_the_machine(target)


async def test_it_is_said_once_for_each_target(caplog: pytest.LogCaptureFixture) -> None:
    Publisher(ELSEWHERE, TOKEN)
    laptop(ELSEWHERE)
    create_transport(ELSEWHERE)
    await create_channel(ELSEWHERE).close()
    BlockingPublisher("192.0.2.2:50051", TOKEN).close()

    first, second = warnings(caplog)
    assert first.startswith(f"access tokens travel to {ELSEWHERE} in the clear")
    assert "tls=True" in first
    assert "UNISONO_CLEARTEXT=1" in first
    assert "192.0.2.2" in second


def test_nothing_is_said_of_what_is_encrypted_or_stays_here(caplog: pytest.LogCaptureFixture) -> None:
    Publisher(ELSEWHERE, TOKEN, tls=True)
    Publisher(ELSEWHERE, TOKEN, root_certificates=b"-----BEGIN CERTIFICATE-----")
    for target in LOCAL:
        Publisher(target, TOKEN)
    assert warnings(caplog) == []


def test_whoever_knows_the_network_may_say_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNISONO_CLEARTEXT", "1")
    Publisher(ELSEWHERE, TOKEN)
    assert warnings(caplog) == []
