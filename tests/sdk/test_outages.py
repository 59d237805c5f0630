"""A server that cannot be reached is said in the log, once, by whoever meets the outage first."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import AsyncExitStack

import grpc
import pytest

from tests.sdk.backoffs import IMPATIENT, QUICK
from tests.sdk.device_script import LIVE, TOKEN, laptop, scripted_streams
from tests.sdk.fake_send_service import FakeSendService
from tests.sdk.test_tls import OTHER, ROOT, secured
from tests.support.connect_proxy import DEAD_PROXY, without_proxy
from tests.support.processes import TIMEOUT
from tests.support.proxies import proxied
from tests.support.stub_server import Fault, StubServer
from unisono.client import (
    Publisher,
    Status,
    TlsFailed,
    Unauthenticated,
    Unavailable,
    create_transport,
    draft,
)
from unisono.client._wire import outages
from unisono.client._wire.outages import QUIET, OutageLog
from unisono.v1.feed_service_pb2 import GetFeedRequest, GetFeedResponse

NOBODY = "127.0.0.1:1"
LOST = Unavailable("no")


class Log(logging.Handler):
    """What is logged of outages."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self._came = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "outage", False):
            self.records.append(record)
            self._came.set()

    @property
    def warnings(self) -> list[str]:
        return [one.getMessage() for one in self.records if one.levelno == logging.WARNING]

    async def until(self, count: int) -> None:
        """Wait until so many failures were logged, at whatever level."""
        async with asyncio.timeout(TIMEOUT):
            while len(self.records) < count:
                self._came.clear()
                await self._came.wait()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    monkeypatch.setattr(outages, "ongoing", {})
    log, logger = Log(), logging.getLogger("unisono.client")
    level = logger.level
    logger.addHandler(log)
    logger.setLevel(logging.DEBUG)
    yield log
    logger.setLevel(level)
    logger.removeHandler(log)


async def test_a_process_says_once_that_nobody_is_there(log: Log) -> None:
    # Given many devices of a process, and a publisher, at a server that is down
    async with AsyncExitStack() as stack, Publisher(NOBODY, TOKEN, backoff=IMPATIENT) as publisher:
        for number in range(20):
            await stack.enter_async_context(laptop(NOBODY, endpoint_id=f"{number}"))
        with pytest.raises(Unavailable):
            await publisher.get_feed("ada")

        # When all have failed, and again
        await log.until(100)

    # Then one of them has said so, and what to do; no token is in any line
    (warning,) = log.warnings
    assert warning.startswith(f"calls to {NOBODY} fail, and are tried again: failed to connect")
    assert warning.endswith(f"; is the server at {NOBODY} up?")
    assert not any(TOKEN in record.getMessage() for record in log.records)


async def test_a_publisher_says_why_its_call_takes_so_long(log: Log, script: StubServer) -> None:
    answers = iter([Fault(grpc.StatusCode.UNAVAILABLE, "STORE_FULL", message="full\nERROR: forged")])

    async def get_feed(_: GetFeedRequest) -> GetFeedResponse:
        for fault in answers:
            raise fault
        return GetFeedResponse()

    script.answer("GetFeed", get_feed)
    async with Publisher(script.target, TOKEN, backoff=QUICK) as publisher:
        await publisher.get_feed("ada")
    (warning,) = log.warnings
    assert warning == (
        f"calls to {script.target} fail, and are tried again: full ERROR: forged; free space on the disk of "
        "the server; until then what is stored can be read"
    )


async def test_each_outage_is_said(log: Log, script: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "QUIET", 0.0)
    script.stream("Subscribe", scripted_streams(LIVE, LIVE, LIVE))
    async with proxied(script.target) as way, laptop(way.target) as device:
        for _ in range(2):
            await device.wait_for(lambda device: device.status is Status.LIVE)
            log.records.clear()
            way.block()
            await log.until(2)
            assert len(log.warnings) == 1
            way.unblock()


async def test_a_stream_that_ends_is_no_outage(log: Log, script: StubServer) -> None:
    script.stream("Subscribe", scripted_streams(LIVE, LIVE))
    async with proxied(script.target) as way, laptop(way.target) as device:
        await device.wait_for(lambda device: device.status is Status.LIVE)
        way.cut()
        await script.until("Subscribe", count=2)
        await device.wait_for(lambda device: device.status is Status.LIVE)
    assert log.records == []


async def test_a_token_that_expired_is_no_outage_unless_the_next_is_refused_too(
    log: Log, script: StubServer
) -> None:
    given: list[str] = []

    def token() -> str:
        given.append(f"token-{len(given)}")
        return given[-1]

    async def get_feed(_: GetFeedRequest) -> GetFeedResponse:
        if script.tokens("GetFeed")[-1] == "token-0":
            raise Fault(grpc.StatusCode.UNAUTHENTICATED, "TOKEN_EXPIRED")
        return GetFeedResponse()

    script.answer("GetFeed", get_feed)
    async with Publisher(script.target, token) as publisher:
        await publisher.get_feed("ada")
    assert log.records == []

    member = OutageLog(create_transport(NOBODY))
    for _ in range(2):
        member.failed(Unauthenticated("late", reason="TOKEN_EXPIRED"))
    assert log.warnings == [f"calls to {NOBODY} fail, and are tried again: late; get a new token"]


async def test_what_the_function_that_gives_tokens_says_is_not_logged(log: Log) -> None:
    def token() -> str:
        raise ConnectionError("https://issuer.test/?client_secret=hush")

    async with laptop(NOBODY, token=token) as device:
        await log.until(1)
        assert isinstance(getattr(device.error, "__cause__", None), ConnectionError)
    assert log.warnings == [
        f"calls to {NOBODY} fail, and are tried again: the function that gives tokens raised ConnectionError"
    ]


async def test_a_device_says_what_is_wrong_with_a_certificate(log: Log) -> None:
    async with secured(OTHER) as script, laptop(script.target, root_certificates=ROOT) as device:
        await device.wait_for(lambda device: isinstance(device.error, TlsFailed))
        await log.until(1)
    assert log.warnings == [
        f"calls to {script.target} fail, and are tried again: the certificate of the server at "
        f"{script.target} is not trusted; root_certificates names those to trust instead of this machine's"
    ]


async def test_a_device_names_the_proxy_that_is_in_its_way(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxy(monkeypatch)
    for name, value in DEAD_PROXY.items():
        monkeypatch.setenv(name, value)
    async with laptop("unisono.test:1"):
        await log.until(1)
    (warning,) = log.warnings
    assert "calls go through the proxy that https_proxy names" in warning
    assert "use_proxy=False, or unisono.test in no_proxy, goes past it" in warning


def test_an_outage_that_comes_again_and_again_is_said_once_a_minute(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(outages, "_now", lambda: now)
    member = OutageLog(create_transport(NOBODY))
    for _ in range(10):
        member.failed(LOST)
        member.ended()
    assert len(log.warnings) == 1

    # When one that began in that time lasts
    member.failed(LOST)
    now += QUIET
    member.failed(LOST)
    member.failed(LOST)

    # Then it is said, too
    assert len(log.warnings) == 2


async def test_whoever_is_closed_leaves_it_to_others_to_say_so(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "QUIET", 0.0)
    opened = []
    for number in range(2):
        # One that a program still holds
        opened.append(laptop(NOBODY))
        async with opened[-1] as device:
            await device.wait_for(lambda device: device.error is not None)
            await log.until(number + 1)
    assert len(log.warnings) == 2


def test_who_leaves_while_it_lasts_is_forgotten(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages, "QUIET", 0.0)
    for number in range(3):
        # A program that lets go of a publisher without closing it
        OutageLog(create_transport(NOBODY)).failed(LOST)
        OutageLog(create_transport(f"127.0.0.1:{number + 2}")).failed(LOST)
    assert len(log.warnings) == 6
    assert len(outages.ongoing) <= 2


async def test_what_is_repeated_of_a_batch_is_said_too(
    log: Log, script: StubServer, service: FakeSendService
) -> None:
    service.bad = {"b": deque([Fault(grpc.StatusCode.UNAVAILABLE, "STORE_FULL")])}
    async with Publisher(script.target, TOKEN, backoff=QUICK) as publisher:
        await publisher.batch([draft("ada", title=title) for title in "abc"])
    (warning,) = log.warnings
    assert "free space on the disk of the server" in warning
