"""What only a server does that is tried out: it shows a page, whose token it gives to nobody else."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.http.http2_client import Http2Client, request
from tests.support import tokens
from tests.support.http2 import frames
from tests.support.nodes import TRANSPORT, Running
from tests.web.pages import GET_FEED, MAIL_PAGE, sent_by, with_pages
from unisono.server.api.transport import TryingOut

TRIED_OUT = replace(
    TRANSPORT,
    trying_out=TryingOut(host="laptop.internal", user="ada", token=tokens.device),
    trusted_proxies=("192.0.2.0/24",),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Running, httpx.AsyncClient]]:
    async with with_pages(tmp_path_factory.mktemp("tried"), transport=TRIED_OUT) as serving:
        yield serving


@pytest.fixture
def client(served: tuple[Running, httpx.AsyncClient]) -> httpx.AsyncClient:
    return served[1]


def token_in(page: str) -> str | None:
    found = re.search('data-token="([^"]*)"', page)
    return found and found[1]


async def test_the_page_has_a_token_that_is_good(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    token = token_in(page.text)
    assert token is not None
    answer = await client.post(GET_FEED, headers=sent_by(None, token), content=b"{}")
    assert answer.status_code == 200
    assert "{{" not in page.text


async def test_the_page_is_kept_by_nobody_and_framed_by_nobody(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/")).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} < set(
        policy
    )
    assert not any("unsafe" in part or "*" in part for part in policy)


FOREIGN = {
    "a page that fetches it": {"origin": MAIL_PAGE},
    "a page of the same origin that fetches it": {"sec-fetch-dest": "empty"},
    "a frame": {"sec-fetch-dest": "iframe"},
    "a script": {"sec-fetch-dest": "script", "sec-fetch-site": "cross-site"},
    "a proxy": {"x-forwarded-for": "192.0.2.1"},
    "another proxy": {"via": "1.1 proxy"},
}


@pytest.mark.parametrize("who", FOREIGN)
async def test_nobody_else_gets_the_page(who: str, client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers=FOREIGN[who])
    assert token_in(answer.text) is None
    assert answer.text.startswith("This is Unisono")
    assert (await client.get("/", headers={"sec-fetch-dest": "document"})).text != answer.text


async def test_no_answer_with_the_page_may_be_read_from_elsewhere(client: httpx.AsyncClient) -> None:
    headers = (await client.get("/")).headers
    assert not [name for name in headers if name.startswith("access-control")]


async def test_to_look_for_it_costs_no_body(client: httpx.AsyncClient) -> None:
    head = await client.head("/")
    assert (head.status_code, head.text) == (200, "")
    assert (await client.post("/")).status_code == 405


@pytest.mark.parametrize("host", ["evil.example", "evil.example:50051", "localhost.evil.example", "[evil]"])
@pytest.mark.parametrize("path", ["/", "/healthz", GET_FEED, "/nothing"])
async def test_a_name_that_anybody_may_lead_here_is_refused(
    path: str, host: str, client: httpx.AsyncClient
) -> None:
    for verb in ("GET", "POST", "OPTIONS"):
        answer = await client.request(verb, path, headers=sent_by(f"http://{host}", host=host))
        assert answer.status_code == 403
        assert "With --dev" in answer.text
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("host", ["localhost", "a.localhost:1", "[::1]:50051", "Laptop.internal:50051"])
async def test_names_of_this_machine_are_good(host: str, client: httpx.AsyncClient) -> None:
    assert token_in((await client.get("/", headers={"host": host})).text)


async def test_so_it_is_in_http2(served: tuple[Running, httpx.AsyncClient]) -> None:
    host, port = served[0].target.split(":")
    http2 = Http2Client(*await asyncio.open_connection(host, port))
    http2.say(frames.greeting() + request(1, b"/", method=b"GET"))
    assert (await http2.headers(1))[":status"] == "403"
    http2.close()


async def test_without_trying_out_there_is_a_line_of_text_for_any_host(tmp_path: Path) -> None:
    async with with_pages(tmp_path) as (_, client):
        answer = await client.get("/", headers={"host": "unisono.example.com"})
    assert (
        answer.text
        == "This is Unisono, a notification service: it speaks gRPC, Connect, gRPC-Web and JSON.\n"
    )


@pytest.mark.parametrize("query", ["access_token=x", "a=b&Token=", "x=Bearer+eyJh.eyJi.c"])
async def test_a_token_in_a_url_is_refused_and_told_where_it_belongs(
    query: str, client: httpx.AsyncClient
) -> None:
    for path in ("/", GET_FEED, "/nothing"):
        answer = await client.get(f"{path}?{query}")
        assert answer.status_code == 400
        assert 'Send "authorization: Bearer TOKEN"' in answer.text
