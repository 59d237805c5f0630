"""What a sender may cost is bounded before it is paid, known or not."""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.api_client import ApiClient
from tests.support.clocks import FakeClock
from tests.support.hooked import SECRET, bearer, encoded, post, signed
from tests.support.nodes import TRANSPORT, Running, Setup, running
from unisono.server.api.hooks.document import MOST_BYTES
from unisono.server.core.admission import HOOK_CALLS_AT_ONCE, UNPROVEN_PER_ADDRESS
from unisono.server.model import Limits

GOOD = encoded({"title": "Hello"})
LARGE = encoded({"title": "x" * MOST_BYTES})


def padded(size: int) -> bytes:
    """Return a good body of this size."""
    return GOOD[:-1] + b" " * (size - len(GOOD)) + b"}"


async def test_a_body_of_256_kib_is_taken_and_none_beyond(node: Running, ada: ApiClient) -> None:
    for headers in (bearer(), signed(padded(MOST_BYTES))):
        assert (await post(node, "json", padded(MOST_BYTES), headers)).status == 200
    for headers in (bearer(), signed(padded(MOST_BYTES + 1))):
        answer = await post(node, "json", padded(MOST_BYTES + 1), headers)
        assert (answer.status, answer.reason) == (413, "REQUEST_TOO_LARGE")
        assert "retry-after" not in answer.headers
    assert len((await ada.history()).notifications) == 2


async def test_a_body_that_does_not_say_its_size_is_bounded_too(node: Running) -> None:
    def parts(count: int) -> Iterator[bytes]:
        yield GOOD[:-1]
        yield from (b" " * 1024 for _ in range(count))
        yield b"}"

    assert (await post(node, "json", parts(200), bearer())).status == 200
    assert (await post(node, "json", parts(256), bearer())).status == 413


NOT_JSON = {
    "nothing": b"",
    "words": b"hello",
    "half of it": GOOD[:-1],
    "a list": b"[]",
    "a text": b'"title"',
    "not UTF-8": b'{"title": "\xff"}',
    "no number": b'{"title": NaN}',
    "a number without end": b'{"title": ' + b"9" * 10_000 + b"}",
    "lists without end": b"[" * 200_000,
    "objects without end": b'{"a":' * 40_000,
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
async def test_what_is_no_object_of_json_is_refused(node: Running, body: bytes) -> None:
    for headers in (bearer(), signed(body)):
        answer = await post(node, "json", body, headers)
        assert (answer.status, answer.reason) == (400, "REQUEST_MALFORMED")


@pytest.mark.parametrize("headers", [bearer(), signed(GOOD)], ids=["known", "not known yet"])
async def test_a_body_that_does_not_come_in_time_is_not_waited_for(
    setup: Setup, headers: dict[str, str]
) -> None:
    setup.transport = replace(TRANSPORT, request_timeout=0.1)
    async with running(setup) as node:
        reader, writer = await begun(node, headers)
        writer.write(b"{")
        answer = await reader.readline()
        told = await reader.readuntil(b"}]}")
        writer.close()
    assert answer == b"HTTP/1.1 504 \r\n"
    assert b"within 0.1 s" in told


async def test_ten_a_second_of_each_hook_and_some_at_once(node: Running, clock: FakeClock) -> None:
    # When as many come at once as may
    answers = [await post(node, "json", GOOD, bearer()) for _ in range(HOOK_CALLS_AT_ONCE)]
    assert {answer.status for answer in answers} == {200}
    # Then another one is refused, and told when to come again
    answer = await post(node, "json", GOOD, bearer())
    assert (answer.status, answer.reason, answer.headers["retry-after"]) == (429, "RATE_LIMITED", "1")
    assert node.node.metrics.refusals.limited["hook"] == 1
    # And those of another hook are taken, as are others of this one after a while
    assert (await post(node, "alertmanager", b'{"groupKey":"k","status":"firing"}', bearer())).status == 200
    clock.advance(0.1)
    assert [(await post(node, "json", GOOD, bearer())).status for _ in range(2)] == [200, 429]


async def test_strangers_do_not_use_up_what_a_hook_may(node: Running) -> None:
    for _ in range(2 * HOOK_CALLS_AT_ONCE):
        assert (await post(node, "json", GOOD, bearer("wrong"))).status == 401
    assert (await post(node, "json", GOOD, bearer())).status == 200


async def test_who_guesses_on_and_on_is_held_back(tmp_path: Path, setup: Setup) -> None:
    setup.limits = Limits(stranger_calls_per_second=3)
    async with running(setup) as node:
        with socket.create_connection(address_of(node)) as client:
            statuses = [await asyncio.to_thread(guess, client, "x", "x") for _ in range(5)]
    assert statuses == [b"401"] * 3 + [b"429"] * 2


async def test_who_has_the_secret_is_no_stranger(setup: Setup) -> None:
    setup.limits = Limits(stranger_calls_per_second=3)
    async with running(setup) as node:
        with socket.create_connection(address_of(node)) as client:
            asked = [await asyncio.to_thread(guess, client, "json", SECRET) for _ in range(5)]
    assert asked == [b"400"] * 5


def address_of(node: Running) -> tuple[str, int]:
    host, _, port = node.target.partition(":")
    return host, int(port)


def guess(client: socket.socket, hook_id: str, secret: str) -> bytes:
    """Make a request without a body on a connection, and return the status of the answer."""
    head = f"POST /hooks/{hook_id} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {secret}\r\n"
    client.sendall(head.encode() + b"content-length: 0\r\n\r\n")
    found = b""
    while not found.endswith(b"}"):
        found += client.recv(65536)
    return found.split()[1]


async def test_few_bodies_of_one_address_are_held_of_whom_nobody_knows(setup: Setup) -> None:
    # Given a proxy on this machine that says who its clients are
    setup.transport = replace(TRANSPORT, trusted_proxies=("127.0.0.1",))
    async with running(setup) as node:
        busy = [await begun(node, of("192.0.2.1"), signed(b"")) for _ in range(UNPROVEN_PER_ADDRESS)]
        try:
            # Then one more of the same address is refused, and one of another is not
            assert (await post(node, "json", GOOD, signed(GOOD), of("192.0.2.1"))).status == 429
            assert (await post(node, "json", GOOD, signed(GOOD), of("192.0.2.2"))).status == 200
            # Nor is one that shows its secret at once
            assert (await post(node, "json", GOOD, bearer(), of("192.0.2.1"))).status == 200
        finally:
            for _, writer in busy:
                writer.close()


def of(address: str) -> dict[str, str]:
    return {"x-forwarded-for": address}


async def begun(
    node: Running, *headers: Mapping[str, str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin a request, and wait until its body is waited for."""
    reader, writer = await asyncio.open_connection(*node.target.split(":"))
    all_headers = ({"host": "test", "content-length": "100", "expect": "100-continue"}, *headers)
    lines = "".join(f"{name}: {text}\r\n" for some in all_headers for name, text in some.items())
    writer.write(f"POST /hooks/json HTTP/1.1\r\n{lines}\r\n".encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 \r\n\r\n"
    return reader, writer


async def test_an_app_that_may_do_no_more_holds_its_hooks_back_too(setup: Setup) -> None:
    setup.limits = Limits(calls_in_flight=1)
    async with running(setup) as node:
        _, writer = await begun(node, bearer())
        answer = await post(node, "json", GOOD, bearer())
        writer.close()
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
