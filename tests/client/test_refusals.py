"""What breaks a rule is refused by both services in the same words: class, code, reason, fields, metadata."""

import itertools
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.client.bad_payloads import BAD_PAYLOADS
from tests.client.bad_requests import BAD
from tests.client.random_requests import random_request
from tests.support.services import SERVICES, Service
from unisono.client import UnisonoError, draft
from unisono.client._wire import methods
from unisono.client._wire.methods import Method

#: The time for which a random request bars a user.
BAR = timedelta(seconds=60)
TAKEN_FOR = re.compile(r" \(it was taken for .*\)")
ALL_METHODS: Sequence[Method[Any, Any]] = tuple(
    method for method in vars(methods).values() if isinstance(method, Method)
)


@dataclass(frozen=True, kw_only=True)
class RequestError:
    """All that the SDK tells of an error, but why a token was taken for what it is: the fake has its own."""

    kind: type[UnisonoError]
    code: str
    reason: str
    message: str
    metadata: dict[str, str]
    violations: dict[str, str]
    retry_delay: float | None


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[list[Service]]:
    async with AsyncExitStack() as running:
        yield [await running.enter_async_context(serve(tmp_path)) for serve in SERVICES.values()]


async def outcome(
    service: Service, method: Method[Any, Any], token: str, request: Any
) -> RequestError | None:
    """Why it was refused; None when it was not."""
    try:
        if method is methods.SUBSCRIBE:
            async with aclosing(service.transport.stream(method, request, token=token)) as stream:
                await anext(stream)
        else:
            await service.transport.unary(method, request, token=token, timeout=20)
    except UnisonoError as error:
        return RequestError(
            kind=type(error),
            code=error.code.name,
            reason=error.reason,
            message=TAKEN_FOR.sub("", str(error)),
            metadata=error.metadata,
            violations=error.violations,
            retry_delay=error.retry_delay,
        )
    return None


@pytest.mark.parametrize(("method", "device", "fields", "bad"), [*BAD, *BAD_PAYLOADS])
async def test_every_bad_field_is_named_in_the_same_words(
    both: list[Service],
    method: Method[Any, Any],
    device: bool,
    fields: dict[str, Any],
    bad: tuple[str, ...],
) -> None:
    request = method.request(**fields)
    server, fake = [
        await outcome(
            one, method, one.user_token() if device else one.app_token(may_delete_feeds=True), request
        )
        for one in both
    ]
    assert server is not None
    assert (server.reason, tuple(server.violations)) == ("INVALID_REQUEST", bad)
    assert fake == server


@pytest.mark.parametrize("method", ALL_METHODS, ids=lambda method: method.name)
async def test_who_may_call_what_is_the_same(both: list[Service], method: Method[Any, Any]) -> None:
    requests = [method.request()]
    if "user_id" in method.request.DESCRIPTOR.fields_by_name:
        requests.append(method.request(user_id="bob"))
    for request, of_device in itertools.product(requests, (True, False)):
        server, fake = [
            await outcome(one, method, one.user_token() if of_device else one.app_token(), request)
            for one in both
        ]
        assert fake == server


async def test_a_token_is_needed_a_good_one(both: list[Service]) -> None:
    for token, reason in (("", "TOKEN_MISSING"), ("nobody gave this", "TOKEN_INVALID")):
        server, fake = [
            await outcome(one, methods.GET_FEED, token, methods.GET_FEED.request()) for one in both
        ]
        assert server is not None
        assert fake is not None
        assert (server.kind, server.reason) == (fake.kind, fake.reason)
        assert fake.reason == reason


async def test_a_request_can_be_too_large(tmp_path: Path) -> None:
    request = methods.BATCH_SEND.request(requests=[draft("ada", title="Hello")] * 100)
    found = []
    for serve in SERVICES.values():
        async with serve(tmp_path, request_bytes=1000) as service:
            found.append(await outcome(service, methods.BATCH_SEND, service.app_token(), request))
    server, fake = found
    assert server is not None
    assert (server.code, server.reason) == ("RESOURCE_EXHAUSTED", "REQUEST_TOO_LARGE")
    assert server.metadata == {"size": str(request.ByteSize()), "limit": "1000"}
    assert fake == server


@pytest.mark.parametrize("seed", range(4))
async def test_any_request_is_taken_or_refused_by_both(both: list[Service], seed: int) -> None:
    random = Random(seed)  # noqa: S311
    raised = taken = 0
    for _ in range(150):
        method, of_device = random.choice(ALL_METHODS), random.random() < 0.5
        request = random_request(random, method.request, both[0].now)
        server, fake = [
            await outcome(
                one, method, one.user_token() if of_device else one.app_token(may_delete_feeds=True), request
            )
            for one in both
        ]
        if server is not None and server.reason == "FEED_BARRED":
            for one in both:
                await one.advance(BAR)
        if server is not None and server.reason == "KEY_CONFLICT":
            server.metadata.clear()
            assert fake is not None
            fake.metadata.clear()
        assert fake == server, f"{method.name} {request}"
        raised, taken = raised + bool(server), taken + (server is None)
    assert min(raised, taken) > 10
