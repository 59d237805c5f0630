"""A page may call for the app that declares its origin, and for no other; what is refused, it may read."""

from base64 import b64decode
from pathlib import Path

import httpx
import pytest

from tests.support import tokens
from tests.support.audit_records import Records
from tests.web.pages import CHAT_PAGE, GET_FEED, MAIL_PAGE, SUBSCRIBE, headers_alone, sent_by, with_pages
from unisono.v1.feed_service_pb2 import GetFeedRequest

SEND = "/unisono.v1.NotificationService/SendNotification"

#: Calls of each door: the path, the content type, the body.
DOORS: dict[str, tuple[str, str, bytes]] = {
    "json": (GET_FEED, "application/json", b"{}"),
    "form": (GET_FEED, "application/x-www-form-urlencoded", b"{}"),
    "proto": (GET_FEED, "application/proto", b""),
    "stream": (SUBSCRIBE, "application/connect+json", b"\0\0\0\0\2{}"),
    "lines": (SUBSCRIBE, "application/json", b"{}"),
    "grpc-web": (GET_FEED, "application/grpc-web+proto", b"\0\0\0\0\0"),
    "grpc-web-text": (GET_FEED, "application/grpc-web-text", b"AAAAAAA="),
}


async def called(client: httpx.AsyncClient, door: str, headers: dict[str, str]) -> httpx.Response:
    path, kind, body = DOORS[door]
    return await client.post(path, headers={**headers, "content-type": kind}, content=body)


def said(answer: httpx.Response) -> str:
    """What an answer says, wherever its protocol has the message of an error."""
    encoded = "-text" in answer.headers["content-type"]
    return b64decode(answer.content).decode("latin-1") if encoded else answer.text


@pytest.mark.parametrize("door", DOORS)
async def test_a_page_of_another_app_is_refused_at_every_door(door: str, tmp_path: Path) -> None:
    async with with_pages(tmp_path) as (_, client):
        foreign = await called(client, door, sent_by(CHAT_PAGE))
        assert "not among the origins of the app mail.test" in said(foreign)
        # It is a page of some app: so it is told, and not left with "Failed to fetch".
        assert foreign.headers["access-control-allow-origin"] == CHAT_PAGE
        assert foreign.headers["vary"] == "origin"
        stranger = await called(client, door, sent_by("https://evil.example"))
        assert "not among the origins" in said(stranger)
        assert "access-control-allow-origin" not in stranger.headers


async def test_it_is_refused_by_a_reason_of_its_own(tmp_path: Path) -> None:
    async with with_pages(tmp_path) as (_, client):
        answer = await client.post(GET_FEED, headers=sent_by("null"), content=b"{}")
    assert answer.status_code == 403
    assert answer.json()["code"] == "permission_denied"
    (info,) = answer.json()["details"]
    assert info["debug"]["reason"] == "ORIGIN_NOT_ALLOWED"


@pytest.mark.parametrize("origins", [(MAIL_PAGE, "https://evil.example"), (MAIL_PAGE, MAIL_PAGE), ("",)])
async def test_what_no_browser_says_is_no_origin_of_an_app(origins: tuple[str, ...], tmp_path: Path) -> None:
    async with with_pages(tmp_path) as (_, client):
        headers = [*sent_by(None).items(), *(("origin", origin) for origin in origins)]
        answer = await client.post(GET_FEED, headers=headers, content=b"{}")
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


async def test_before_the_body_is_read(tmp_path: Path) -> None:
    async with with_pages(tmp_path) as (node, _):
        for origin in (CHAT_PAGE, "https://evil.example"):
            answer = await headers_alone(node, GET_FEED, sent_by(origin))
            assert answer.startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("origin", [MAIL_PAGE, None])
@pytest.mark.parametrize("door", [name for name, call in DOORS.items() if call[0] == GET_FEED])
async def test_its_own_page_may_call_and_what_is_no_page(
    door: str, origin: str | None, tmp_path: Path
) -> None:
    async with with_pages(tmp_path) as (_, client):
        answer = await called(client, door, sent_by(origin))
        assert answer.status_code == 200
        assert answer.headers.get("access-control-allow-origin") == origin
        assert answer.headers["vary"] == "origin"
        assert "not among" not in said(answer)


async def test_a_call_by_get_is_checked_as_well(tmp_path: Path) -> None:
    query = "?connect=v1&encoding=json&message=%7B%7D"
    async with with_pages(tmp_path) as (_, client):
        statuses = [
            (await client.get(GET_FEED + query, headers=sent_by(origin))).status_code
            for origin in (MAIL_PAGE, CHAT_PAGE)
        ]
    assert statuses == [200, 403]


REFUSED: dict[str, tuple[str, str, dict[str, str], int]] = {
    "token": ("POST", GET_FEED, {"authorization": "Bearer x"}, 401),
    "request": ("POST", SEND, {}, 400),
    "method": ("POST", "/unisono.v1.FeedService/Nothing", {}, 404),
    "path": ("GET", "/nothing", {}, 404),
    "verb": ("DELETE", GET_FEED, {}, 405),
    "type": ("POST", GET_FEED, {"content-type": "text/plain"}, 415),
    "url": ("POST", f"{GET_FEED}?access_token=x", {}, 400),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_whatever_is_refused_says_who_may_read_that(why: str, tmp_path: Path) -> None:
    verb, path, headers, status = REFUSED[why]
    async with with_pages(tmp_path) as (_, client):
        answer = await client.request(verb, path, headers={**sent_by(MAIL_PAGE), **headers}, content=b"{}")
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == MAIL_PAGE
    assert "x-request-id" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def preflight(client: httpx.AsyncClient, origin: str, path: str = SEND) -> httpx.Response:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    return await client.options(path, headers={"origin": origin, **asked})


async def test_a_preflight_is_answered_for_the_pages_of_all_apps(tmp_path: Path) -> None:
    async with with_pages(tmp_path) as (_, client):
        for origin in (MAIL_PAGE, CHAT_PAGE):
            headers = (await preflight(client, origin)).headers
            assert headers["access-control-allow-origin"] == origin
            assert headers["access-control-allow-methods"] == "GET, POST"
            assert headers["access-control-max-age"] == "7200"
            assert headers["vary"] == "origin"
            assert "access-control-allow-credentials" not in headers
            allowed = headers["access-control-allow-headers"].split(", ")
            wanted = "authorization content-type connect-protocol-version connect-timeout-ms grpc-timeout"
            assert {*wanted.split(), "x-grpc-web", "x-user-agent", "x-request-id"} <= set(allowed)


async def test_a_preflight_of_any_other_page_is_not_allowed(tmp_path: Path) -> None:
    async with with_pages(tmp_path) as (_, client):
        for origin in ("https://evil.example", "null", "http://mail.example.com"):
            answer = await preflight(client, origin)
            assert answer.status_code == 204
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert answer.headers["vary"] == "origin"


async def test_grpc_knows_no_pages(tmp_path: Path) -> None:
    """No browser can speak it: such a header is of some client's own making."""
    async with with_pages(tmp_path) as (node, _):
        user = node.user()
        user.metadata = (*user.metadata, ("origin", "https://evil.example"))
        assert (await user.feeds.GetFeed(GetFeedRequest(), metadata=user.metadata)).last_revision == 0


async def test_the_audit_log_has_it_with_the_page(tmp_path: Path) -> None:
    records = Records()
    async with with_pages(tmp_path, audit=records.audit(reads=False)) as (_, client):
        await client.post(GET_FEED, headers=sent_by(CHAT_PAGE), content=b"{}")
        await client.post(GET_FEED, headers=sent_by(MAIL_PAGE), content=b"{}")
    (record,) = records.taken()
    assert record["message"].endswith("not among the origins of the app mail.test")
    assert {name: record[name] for name in ("event", "reason", "app", "user", "origin")} == {
        "event": "refusal",
        "reason": "ORIGIN_NOT_ALLOWED",
        "app": "mail.test",
        "user": "ada",
        "origin": CHAT_PAGE,
    }


async def test_an_admin_has_no_page(tmp_path: Path) -> None:
    token = tokens.signed(tokens.claims(sub="root", role="operator", scope=None))
    path = "/unisono.v1.AdminService/GetStats"
    async with with_pages(tmp_path) as (_, client):
        assert (await client.post(path, headers=sent_by(None, token), content=b"{}")).status_code == 200
        refused = await client.post(path, headers=sent_by(MAIL_PAGE, token), content=b"{}")
    assert "not among an app's origins" in refused.text
