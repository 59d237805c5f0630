"""A live stream for whoever has no stub: lines of JSON, or Server-Sent Events that go on where they ended."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.web.conftest import Web

SUBSCRIBE = "FeedService/Subscribe"
EVENTS = "text/event-stream"


def request(web: Web, accept: str, body: Any = None, **headers: str) -> Any:
    """Open a stream of the user's laptop."""
    laptop = {"endpointId": "laptop", "platform": "DEVICE_PLATFORM_LINUX"}
    return web.client.stream(
        "POST",
        web.path(SUBSCRIBE),
        json=laptop if body is None else body,
        headers=web.headers(web.device, accept=accept, **headers),
    )


async def events(answer: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """Yield the fields of each event, as the HTML standard has them."""
    event: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            event[name] = value
        else:
            yield event
            event = {}


async def test_each_message_is_a_line(web: Web) -> None:
    async with request(web, "*/*") as answer:
        lines = answer.aiter_lines()
        welcome = json.loads(await anext(lines))
        synced = json.loads(await anext(lines))
        await web.send("Hello")
        event = json.loads(await anext(lines))

    assert answer.headers["content-type"] == "application/x-ndjson"
    assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
    assert ("welcome" in welcome, "synced" in synced) == (True, True)
    [change] = event["eventBatch"]["events"]
    assert change["notification"]["payload"]["visualContent"]["title"] == "Hello"


async def test_each_message_is_an_event_and_the_next_stream_goes_on_after_the_last(web: Web) -> None:
    async with request(web, EVENTS) as answer:
        first = events(answer)
        names = [(await anext(first))["event"] for _ in range(2)]
        await web.send("one")
        seen = await anext(first)
    assert answer.headers["content-type"] == EVENTS
    assert [*names, seen["event"]] == ["welcome", "synced", "eventBatch"]
    assert json.loads(seen["data"])["resumeToken"] == seen["id"]

    await web.send("two")
    async with request(web, EVENTS, last_event_id=seen["id"]) as answer:
        again = events(answer)
        welcome, missed = await anext(again), await anext(again)

    assert json.loads(welcome["data"])["welcome"]["resumed"] is True
    [change] = json.loads(missed["data"])["eventBatch"]["events"]
    assert change["notification"]["payload"]["visualContent"]["title"] == "two"


async def test_the_last_event_goes_before_what_the_request_says(web: Web) -> None:
    await web.send("one")
    async with request(web, EVENTS) as answer:
        stream = events(answer)
        last = [await anext(stream) for _ in range(3)][-1]
    body = {"endpointId": "laptop", "startPosition": "START_POSITION_BEGINNING"}

    async with request(web, EVENTS, body, last_event_id=last["id"]) as answer:
        stream = events(answer)
        names = [(await anext(stream))["event"] for _ in range(2)]

    # From the beginning the first would come again.
    assert names == ["welcome", "synced"]


@pytest.mark.parametrize("last", ["?", "zzzz"])
async def test_an_id_that_is_none_is_refused(web: Web, last: str) -> None:
    async with request(web, EVENTS, last_event_id=last) as answer:
        await answer.aread()

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_argument")


@pytest.mark.parametrize("accept", [EVENTS, "application/x-ndjson"])
async def test_what_is_refused_at_first_is_refused_as_any_other_call(web: Web, accept: str) -> None:
    async with request(web, accept, {}) as answer:
        await answer.aread()

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")


@pytest.mark.parametrize(("accept", "marker"), [(EVENTS, "event: error"), ("*/*", '{"error":')])
async def test_how_a_stream_ends_is_its_last_message(web: Web, accept: str, marker: str) -> None:
    async with request(web, accept) as answer:
        lines = answer.aiter_lines()
        await anext(lines)
        async with request(web, accept) as other:
            await anext(other.aiter_lines())
            rest = [line async for line in lines if line]

    # The stream of the same device took over, and says so in its Goodbye.
    assert any("GOODBYE_REASON_SUPERSEDED" in line for line in rest)
    [end] = [at for at, line in enumerate(rest) if line.startswith(marker)]
    assert "aborted" in "".join(rest[end:])
