"""Programs leave to the environment where the server is, how to connect to it, and the token."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from tests.sdk.device_script import LIVE, scripted_streams
from tests.sdk.test_client_certificates import shown
from tests.sdk.test_tls import AUTHORITY, HOST, ROOT, secured
from tests.support.stub_server import StubServer, scripted
from unisono.client import (
    BlockingPublisher,
    Device,
    Platform,
    Publisher,
    Status,
    Unauthenticated,
    create_channel,
    create_transport,
)
from unisono.client._wire.environment import address_of
from unisono.v1.feed_service_pb2 import GetFeedRequest, GetFeedResponse
from unisono.v1.feed_service_pb2_grpc import FeedServiceStub

if TYPE_CHECKING:
    from unisono.v1.feed_service_pb2_grpc import FeedServiceAsyncStub

OPTIONS = ("ROOT_CERTIFICATES", "CLIENT_CERTIFICATE", "CLIENT_KEY")
SETTINGS = ("TARGET", "TOKEN", "TLS", "NO_PROXY", *OPTIONS)

Set = Callable[..., None]


@pytest.fixture(autouse=True)
def set_variables(monkeypatch: pytest.MonkeyPatch) -> Set:
    """Set what is named, in an environment that has no settings else."""
    for name in SETTINGS:
        monkeypatch.delenv(f"UNISONO_{name}", raising=False)

    def set_(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"UNISONO_{name.upper()}", str(value))

    return set_


def answers(script: StubServer) -> None:
    async def get_feed(_: GetFeedRequest) -> GetFeedResponse:
        return GetFeedResponse(last_revision=7)

    script.answer("GetFeed", get_feed)
    script.stream("Subscribe", scripted_streams(LIVE))


async def revision(publisher: Publisher) -> int:
    async with publisher:
        return (await publisher.get_feed("ada")).last_revision


async def test_all_that_connects_takes_it(script: StubServer, set_variables: Set) -> None:
    answers(script)
    set_variables(target=script.target, token="of the environment")

    assert await revision(Publisher()) == 7
    with BlockingPublisher() as publisher:
        assert (await asyncio.to_thread(publisher.get_feed, "ada")).last_revision == 7
    async with Device(endpoint_id="laptop", platform=Platform.LINUX) as device:
        await device.wait_for(lambda device: device.status is Status.LIVE)
    transport = create_transport()
    assert await revision(Publisher(transport)) == 7
    await transport.close()
    async with create_channel() as channel:
        stub: FeedServiceAsyncStub = FeedServiceStub(channel)
        assert (await stub.GetFeed(GetFeedRequest())).last_revision == 7
    assert set(script.tokens("GetFeed")) == {"of the environment", ""}
    assert script.tokens("Subscribe") == ["of the environment"]


async def test_certificates_are_files(tmp_path: Path, set_variables: Set) -> None:
    for name, content in shown().items():
        (tmp_path / name).write_bytes(content)  # type: ignore[arg-type]  # of bytes here
        set_variables(**{name: tmp_path / name})
    issued = AUTHORITY.issue_cert(HOST)
    pair = (issued.private_key_pem.bytes(), issued.cert_chain_pems[0].bytes())
    credentials = grpc.ssl_server_credentials([pair], ROOT, require_client_auth=True)
    async with scripted(credentials=credentials) as script:
        answers(script)
        set_variables(target=script.target)
        assert await revision(Publisher(token="x")) == 7


async def test_what_a_program_says_counts_before_it(script: StubServer, set_variables: Set) -> None:
    answers(script)
    set_variables(target="127.0.0.1:1", token="of the environment", tls=1)

    # A target that a program names comes with the program's options alone
    assert await revision(Publisher(script.target)) == 7
    assert await revision(Publisher(script.target, "of the program")) == 7
    assert script.tokens("GetFeed") == ["of the environment", "of the program"]

    # And with the environment's target, options of the program replace those of the environment
    async with secured() as encrypted:
        answers(encrypted)
        set_variables(target=encrypted.target, root_certificates="/no/such/file")
        with pytest.raises(ValueError, match="UNISONO_ROOT_CERTIFICATES: /no/such/file: No such file"):
            Publisher()
        set_variables(root_certificates="")
        assert await revision(Publisher(root_certificates=ROOT)) == 7
    set_variables(target=script.target)
    assert await revision(Publisher(tls=False)) == 7


@pytest.mark.parametrize(
    ("text", "tls"), [("1", True), ("True", True), ("on", True), ("0", False), ("no", False), ("", False)]
)
def test_a_flag(set_variables: Set, text: str, tls: bool) -> None:
    set_variables(target="127.0.0.1:1", tls=text, no_proxy=text)
    address = address_of(None, {})
    assert (address.encrypted, address.use_proxy) == (tls, not tls)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "target: there is none; pass one, or set UNISONO_TARGET"),
        ({"target": "localhost"}, "^UNISONO_TARGET: must be HOST:PORT"),
        ({"target": "localhost:1"}, "token: there is none; pass one, or set UNISONO_TOKEN"),
        ({"target": "localhost:1", "tls": "maybe"}, "^UNISONO_TLS: must be 1 or 0; is 'maybe'"),
        (
            {"target": "localhost:1", "root_certificates": __file__},
            "^UNISONO_ROOT_CERTIFICATES: must be cert",
        ),
        ({"target": "localhost:1", "client_key": "/"}, "^UNISONO_CLIENT_KEY: /: Is a directory"),
    ],
)
def test_what_is_missing_or_wrong(set_variables: Set, settings: dict[str, str], message: str) -> None:
    set_variables(**settings)
    with pytest.raises(ValueError, match=message):
        Publisher()


def test_a_token_that_is_none_is_not_shown(set_variables: Set) -> None:
    set_variables(target="localhost:1", token="no\ntoken")
    with pytest.raises(Unauthenticated, match=r"^UNISONO_TOKEN: it has characters") as raised:
        Publisher()
    assert "no\ntoken" not in str(raised.value)
