"""What is logged of refusals: small lines, and only so many, whoever is refused how often."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.support import tokens
from tests.support.api_client import READ, ApiClient
from tests.support.clocks import FakeClock
from tests.support.nodes import Client, Running
from tests.support.processes import TIMEOUT
from unisono.server.api.refusal_log import RefusalLog
from unisono.server.api.sampling import MAX_LINES, Sampler
from unisono.server.errors import NotFound, QuotaExceeded, Reason, UnisonoError

GONE = NotFound(Reason.NOTIFICATION_NOT_FOUND, "not here")
FULL = QuotaExceeded(Reason.ENDPOINTS_EXCEEDED, "too many", subject="ada", limit=3)


def test_the_first_of_each_kind_in_each_second_are_taken() -> None:
    clock = FakeClock()
    sampler = Sampler[str](clock.monotonic)
    for _ in range(3):
        assert [sampler.takes("one") for _ in range(MAX_LINES + 5)] == [True] * MAX_LINES + [False] * 5
        assert sampler.takes("two")
        clock.advance(1)
    assert sampler.left_out() == {"one": 15}
    assert sampler.left_out() == {}


def refuse(log: RefusalLog, errors: Mapping[UnisonoError, int]) -> None:
    for error, count in errors.items():
        for _ in range(count):
            log.refused(error, "unisono.v1.FeedService/GetFeed", None)


async def test_it_is_said_how_many_lines_were_left_out() -> None:
    log, summed_up = RefusalLog(FakeClock()), asyncio.Event()

    def hear(_: object, __: str, entry: EventDict) -> EventDict:
        if entry["event"] == "lines left out":
            summed_up.set()
        return entry

    with capture_logs(processors=[hear]) as entries:
        refuse(log, {GONE: MAX_LINES + 980, FULL: 2})
        assert count(entries) == {"call refused": MAX_LINES + 2}
        async with asyncio.timeout(TIMEOUT):
            await summed_up.wait()
    last = {key: entries[-1][key] for key in ("of", "count")}
    assert last == {"of": "NOTIFICATION_NOT_FOUND", "count": 980}


async def test_faults_are_few_lines_too() -> None:
    """Each has a traceback."""
    log = RefusalLog(FakeClock())
    with capture_logs() as entries:
        for _ in range(MAX_LINES + 5):
            log.failed(ValueError(), "unisono.v1.FeedService/GetFeed", None)
            log.client_gone()
    assert count(entries) == {"call failed": MAX_LINES, "client is gone": MAX_LINES}


def count(entries: list[Any]) -> Counter[str]:
    return Counter(entry["event"] for entry in entries)


async def test_refusals_do_not_fill_the_log(held: Running, clock: FakeClock) -> None:
    stranger = ApiClient(Client(held.channel, "no token"))
    with capture_logs() as entries:
        for _ in range(3 * MAX_LINES):
            with pytest.raises(grpc.aio.AioRpcError):
                await stranger.feed()
    assert count(entries)["call refused"] == MAX_LINES


@pytest.mark.parametrize("text", ["x" * 2000, "\U0001f514" * 500, "\x1b[31m\n" * 300])
async def test_a_line_is_short_whatever_the_caller_wrote(
    serving: Running, publisher: ApiClient, text: str
) -> None:
    device = ApiClient(serving.client(tokens.device()), endpoint_id="phone")
    with capture_logs() as entries:
        for call in (
            publisher.mark(*[text] * 20, read_state=READ),
            publisher.update("x", update_mask={"paths": [text] * 20}),
            publisher.send_all(*[publisher.new(text)] * 3),
            device.send(user_id=text),
        ):
            with suppress(grpc.aio.AioRpcError):
                await call
    raised = [entry for entry in entries if entry["event"] == "call refused"]
    assert len(raised) == 3
    assert max(len(str(entry)) for entry in raised) < 600
    assert max(len(entry["error"]) for entry in raised) <= 300


async def test_it_is_said_which_app_is_refused_what(held: Running, clock: FakeClock) -> None:
    """Whoever runs wild is found by the log: by the app, and never by the user."""
    clock.advance(1)
    device = ApiClient(Client(held.channel, tokens.device("ada")), user_id="ada")
    with capture_logs() as entries:
        with pytest.raises(grpc.aio.AioRpcError):
            await device.get("no such id")
        with pytest.raises(grpc.aio.AioRpcError):
            await ApiClient(Client(held.channel, "no token")).feed()
    known, stranger = (entry for entry in entries if entry["event"] == "call refused")
    assert (known["app"], known["method"]) == ("mail.test", "unisono.v1.NotificationService/GetNotification")
    assert "ada" not in str(known)
    assert "app" not in stranger
    assert stranger["method"] == "unisono.v1.FeedService/GetFeed"
