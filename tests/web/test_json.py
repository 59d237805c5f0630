"""Whoever speaks HTTP and JSON can do all that a stub can, and is told as clearly what is wrong."""

import asyncio
import base64
import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import tokens
from tests.support.nodes import TRANSPORT, Setup, running
from tests.web.conftest import Web
from unisono.server.api.http_server import HttpServer
from unisono.server.api.web.zipping import zipped

SEND = "NotificationService/SendNotification"


async def test_what_one_sends_the_other_lists_and_marks(web: Web) -> None:
    sent = (await web.send()).json()["result"]
    listed = (await web.post("NotificationService/ListNotifications", {"userId": web.user_id})).json()
    assert [one["id"] for one in listed["notifications"]] == [sent["id"]]

    mark = {
        "userId": web.user_id,
        "references": {"refs": [{"id": sent["id"]}]},
        "readState": "READ_STATE_READ",
    }
    marked = await web.post("NotificationService/MarkNotifications", mark)

    assert marked.status_code == 200, marked.text
    feed = (await web.post("FeedService/GetFeed", {"userId": web.user_id})).json()
    # What is 0 is left out, as protobuf maps it.
    assert feed == {"lastRevision": "2"}


async def test_a_batch_in_which_each_item_has_its_own_result(web: Web) -> None:
    good = {"userId": web.user_id, "payload": {"visualContent": {"title": "Hello"}}}
    body = {"requests": [good, {"userId": web.user_id}, *[good] * 100]}

    answer = await web.post("NotificationService/BatchSendNotifications", body)

    items = answer.json()["results"]
    assert len(items) == 102
    assert [("error" in item) for item in items[:3]] == [False, True, False]


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", None])
async def test_a_body_is_json_whatever_curl_says_that_it_is(web: Web, content_type: str | None) -> None:
    body = json.dumps({"user_id": web.user_id}).encode()
    headers = {} if content_type is None else {"content_type": content_type}

    answer = await web.post("FeedService/GetFeed", body, **headers)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


async def test_no_body_is_a_request_without_fields(web: Web) -> None:
    answer = await web.post("FeedService/GetFeed", b"", token=web.device)

    assert (answer.status_code, answer.json()) == (200, {})


async def test_what_only_reads_can_be_asked_by_get(web: Web) -> None:
    await web.send()
    path = web.path("FeedService/GetFeed")
    message = json.dumps({"userId": web.user_id})
    packed = base64.urlsafe_b64encode(gzip.compress(message.encode())).rstrip(b"=").decode()

    plain = await web.client.get(path, params={"message": message}, headers=web.headers())
    zipped = {"connect": "v1", "encoding": "json", "base64": "1", "compression": "gzip", "message": packed}
    compressed = await web.client.get(path, params=zipped, headers=web.headers())
    nothing = await web.client.get(path, headers=web.headers(web.device))

    assert [one.json()["unreadCount"] for one in (plain, compressed, nothing)] == ["1", "1", "1"]


async def test_what_changes_something_cannot_be_asked_by_get(web: Web) -> None:
    answer = await web.client.get(web.path(SEND), headers=web.headers())

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("count", [2, 400])
async def test_lists_within_a_message_are_translated_whole(web: Web, count: int) -> None:
    sent = (await web.send()).json()["result"]["id"]
    mark: dict[str, Any] = {"userId": web.user_id, "readState": "READ_STATE_READ"}
    refs = {"refs": [{"id": sent}, *[{"id": f"none-{at}"} for at in range(count - 1)]]}

    marked = await web.post("NotificationService/MarkNotifications", {**mark, "references": refs})
    both = {**mark, "references": refs, "groupName": "a"}
    refused = await web.post("NotificationService/MarkNotifications", both)

    assert marked.json()["changed"] == "1", marked.text
    assert len(marked.json()["notFound"]) == count - 1
    assert refused.json()["details"][0]["debug"]["reason"] == "REQUEST_MALFORMED"


async def test_errors_say_who_when_and_where(web: Web) -> None:
    without = await web.client.post(web.path(SEND), json={})
    theirs = await web.post(
        "FeedService/GetFeed", {"userId": "somebody"}, token=web.device, x_request_id="me-1"
    )

    assert (without.status_code, without.headers["www-authenticate"]) == (401, "Bearer")
    assert without.json()["code"] == "unauthenticated"
    assert (theirs.status_code, theirs.headers["x-request-id"]) == (403, "me-1")
    assert theirs.json()["details"][0]["debug"]["reason"] == "USER_MISMATCH"


async def test_responses_are_compressed_for_who_takes_that_where_it_is_worth_it(web: Web) -> None:
    for _ in range(5):
        await web.send()
    ask = {"userId": web.user_id}

    long = await web.post("NotificationService/ListNotifications", ask, accept_encoding="gzip")
    short = await web.post("FeedService/GetFeed", ask, accept_encoding="gzip")
    plain = await web.post("NotificationService/ListNotifications", ask, accept_encoding="identity")

    encodings = [one.headers.get("content-encoding") for one in (long, short, plain)]
    assert encodings == ["gzip", None, None]
    assert long.json() == plain.json()


async def test_others_have_their_turn_while_a_long_response_is_compressed() -> None:
    text = "".join(map(str, range(100_000))).encode()
    turns, zipping = 0, asyncio.ensure_future(zipped(text))
    while not zipping.done():
        await asyncio.sleep(0)
        turns += 1

    assert gzip.decompress(zipping.result()) == text
    assert turns > len(text) / 40_000


async def test_requests_may_be_compressed(web: Web) -> None:
    body = gzip.compress(json.dumps({"userId": web.user_id}).encode())

    good = await web.post("FeedService/GetFeed", body, content_encoding="gzip")
    bad = await web.post("FeedService/GetFeed", b"{}", content_encoding="gzip")
    bomb = gzip.compress(b" " * 10_000_000)
    bombed = await web.post("FeedService/GetFeed", bomb, content_encoding="gzip")
    other = await web.post("FeedService/GetFeed", b"{}", content_encoding="br")

    assert [one.status_code for one in (good, bad, bombed, other)] == [200, 400, 429, 501]


async def test_a_deadline_ends_a_call(web: Web) -> None:
    ended = await web.post("FeedService/GetFeed", {"userId": web.user_id}, connect_timeout_ms="0")
    wrong = await web.post("FeedService/GetFeed", {}, connect_timeout_ms="soon")
    version = await web.post("FeedService/GetFeed", {}, connect_protocol_version="2")

    assert (ended.status_code, ended.json()["code"]) == (504, "deadline_exceeded")
    assert [one.json()["code"] for one in (wrong, version)] == ["invalid_argument"] * 2


async def test_what_is_no_method_and_no_type(web: Web) -> None:
    unknown = await web.post("FeedService/Nope", {})
    nowhere = await web.client.post("/somewhere", json={})
    xml = await web.post("FeedService/GetFeed", b"<a/>", content_type="text/xml")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "unimplemented")
    assert nowhere.status_code == 404
    assert (xml.status_code, "application/json" in xml.headers["accept-post"]) == (415, True)


async def test_nothing_is_kept_by_caches_or_taken_for_something_else(web: Web) -> None:
    answers = [
        await web.send(),
        await web.post("FeedService/GetFeed", {"userId": ""}),
        await web.client.get("/"),
        await web.client.get("/healthz"),
        await web.client.get("/nothing"),
    ]

    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_health_of_it_all(web: Web) -> None:
    healthy = await web.client.get("/healthz")
    head = await web.client.head("/healthz")
    wrong = await web.client.post("/healthz")

    assert (healthy.status_code, healthy.text) == (200, "SERVING\n")
    assert (head.status_code, head.text) == (200, "")
    assert wrong.status_code == 405


async def test_a_device_speaks_of_itself_alone(web: Web) -> None:
    answer = await web.post(SEND, {"userId": "somebody", "payload": {}}, token=tokens.device("me"))

    assert answer.status_code in (400, 403)


async def test_without_the_web_the_port_is_grpcs_alone(tmp_path: Path) -> None:
    setup = Setup(
        path=tmp_path / "unisono.db", make_server=HttpServer, transport=replace(TRANSPORT, web=False)
    )
    async with running(setup) as node, httpx.AsyncClient(base_url=f"http://{node.target}") as client:
        call = await client.post("/unisono.v1.FeedService/GetFeed", json={})
        health = await client.get("/healthz")

    assert [call.status_code, health.status_code] == [404, 200]
