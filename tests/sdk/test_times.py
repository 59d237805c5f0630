"""Whatever takes a time takes a number of seconds or a timedelta, and means the same by both."""

import asyncio
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from tests.sdk.device_script import TOKEN
from tests.sdk.test_connections import silent
from tests.support.stub_server import StubServer
from unisono.client import Backoff, BlockingPublisher, DeadlineExceeded, Publisher, Timing

SHORT = timedelta(milliseconds=20)

#: What is no time.
NUMBERS = {"missed_heartbeats"}


def times(kind: Any) -> list[str]:
    """The names of the fields that are times."""
    found = [field.name for field in fields(kind) if field.type in (float, float | None)]
    return [name for name in found if name not in NUMBERS]


@pytest.mark.parametrize("kind", [Timing, Backoff])
def test_a_timedelta_is_its_seconds(kind: Any) -> None:
    names = times(kind)
    assert len(names) >= 2
    by_number = kind(**{name: 1.5 + number for number, name in enumerate(names)})
    by_span = kind(**{name: timedelta(seconds=1.5 + number) for number, name in enumerate(names)})
    assert by_span == by_number
    assert all(type(getattr(by_span, name)) is float for name in names)


@pytest.mark.parametrize("kind", [Timing, Backoff])
@pytest.mark.parametrize("value", ["5", float("nan"), float("inf"), True])
def test_what_is_no_time_is_refused_by_its_name(kind: Any, value: object) -> None:
    for name in times(kind):
        with pytest.raises(
            TypeError, match=f"{name}: must be a number of seconds, such as 5.0, or a timedelta"
        ):
            kind(**{name: value})


def test_all_else_is_as_for_any_value() -> None:
    timing = Timing(backoff=Backoff(maximum=5.0))
    assert replace(timing, call_timeout=0.02) == Timing(call_timeout=0.02, backoff=Backoff(maximum=5.0))
    assert hash(Timing()) == hash(Timing())
    with pytest.raises(AttributeError):
        timing.call_timeout = 1.0  # type: ignore[misc]  # it is frozen


async def test_a_call_ends_after_it(script: StubServer) -> None:
    script.answer("GetFeed", silent)
    async with Publisher(script.target, TOKEN) as publisher:
        with pytest.raises(DeadlineExceeded):
            await publisher.get_feed("ada", timeout=SHORT)
    async with Publisher(script.target, TOKEN, timeout=SHORT) as publisher:
        with pytest.raises(DeadlineExceeded):
            await publisher.get_feed("ada")
    with (
        BlockingPublisher(script.target, TOKEN, timeout=SHORT) as blocking,
        pytest.raises(DeadlineExceeded),
    ):
        await asyncio.to_thread(blocking.get_feed, "ada")
