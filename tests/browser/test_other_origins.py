"""Pages of other origins, in a real browser: what they may call and read, with the right to and without."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest_asyncio

from tests.browser.chromium import Chromium
from tests.browser.other_site import Site, called, site
from tests.support import tokens
from tests.support.nodes import TRANSPORT, Running, Setup, running
from unisono.server.api.http_server import HttpServer
from unisono.server.api.transport import TryingOut

GET_FEED = "unisono.v1.FeedService/GetFeed"
SUBSCRIBE = "unisono.v1.FeedService/Subscribe"
SEND = "unisono.v1.NotificationService/SendNotification"


@pytest_asyncio.fixture(loop_scope="module")
async def other() -> AsyncIterator[Site]:
    async with site() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def node(other: Site, tmp_path: Path) -> AsyncIterator[Running]:
    """A node on which that site is of the app mail.test, and another of chat.test."""
    origins = {"mail.test": (other.origin,), "chat.test": ("https://chat.example",)}
    async with running(Setup(path=tmp_path / "unisono.db", make_server=HttpServer, origins=origins)) as one:
        yield one


async def test_a_page_of_the_app_calls_and_reads(chromium: Chromium, node: Running, other: Site) -> None:
    tab = await other.visit(chromium.tab("calls"))
    answer = await called(tab, f"http://{node.target}/{GET_FEED}", tokens.device())
    assert (answer["status"], answer["text"]) == (200, "{}")
    assert answer["id"]


async def test_it_holds_a_stream_open(chromium: Chromium, node: Running, other: Site) -> None:
    tab = await other.visit(chromium.tab("stream"))
    code = """
      const text = new TextEncoder().encode(arg.body), prefix = new Uint8Array(5);
      new DataView(prefix.buffer).setUint32(1, text.length);
      const headers = { authorization: `Bearer ${arg.token}`, "content-type": "application/connect+json" };
      const answer = await fetch(arg.url, { method: "POST", headers, body: new Blob([prefix, text]) });
      const reader = answer.body.getReader();
      let heard = "";
      while (!heard.includes(arg.until)) heard += new TextDecoder().decode((await reader.read()).value);
      await reader.cancel();
      return heard;
    """
    body = {
        "endpointId": "a-page",
        "platform": "DEVICE_PLATFORM_WEB",
        "startPosition": "START_POSITION_BEGINNING",
    }
    asked = {"url": f"http://{node.target}/{SUBSCRIBE}", "token": tokens.device(), "body": json.dumps(body)}
    assert "welcome" in await tab.inside(code, {**asked, "until": "synced"})


async def test_it_reads_why_it_was_refused_in_detail(chromium: Chromium, node: Running, other: Site) -> None:
    tab = await other.visit(chromium.tab("details"))
    body = json.dumps({"userId": "ada", "payload": {"visualContent": {"title": ""}}})
    answer = await called(tab, f"http://{node.target}/{SEND}", tokens.publisher(), body=body)
    assert answer["status"] == 400
    told = json.loads(str(answer["text"]))
    assert told["code"] == "invalid_argument"
    details = {detail["type"]: detail["debug"] for detail in told["details"]}
    assert details["google.rpc.ErrorInfo"]["reason"] == "INVALID_REQUEST"
    violations = details["google.rpc.BadRequest"]["fieldViolations"]
    assert "payload.visual_content.title" in [violation["field"] for violation in violations]


async def test_it_reads_that_its_token_is_bad(chromium: Chromium, node: Running, other: Site) -> None:
    tab = await other.visit(chromium.tab("bad token"))
    answer = await called(tab, f"http://{node.target}/{GET_FEED}", tokens.device(exp=1_700_000_000))
    assert answer["status"] == 401
    assert json.loads(str(answer["text"]))["code"] == "unauthenticated"


async def test_for_another_app_it_is_refused_and_told_so(
    chromium: Chromium, node: Running, other: Site
) -> None:
    tab = await other.visit(chromium.tab("other app"))
    token = tokens.device(azp="chat-client")
    answer = await called(tab, f"http://{node.target}/{GET_FEED}", token)
    assert answer["status"] == 403
    (info,) = json.loads(str(answer["text"]))["details"]
    assert info["debug"]["reason"] == "ORIGIN_NOT_ALLOWED"


async def test_a_page_of_nobody_gets_nothing(chromium: Chromium, node: Running, other: Site) -> None:
    """Neither of what it may ask for without a question before, nor of the rest."""
    async with site() as stranger:
        tab = await stranger.visit(chromium.tab("stranger"))
        url = f"http://{node.target}/{GET_FEED}"
        assert "Failed to fetch" in str((await called(tab, url, tokens.device()))["error"])
        simple = "try { return (await fetch(arg)).status } catch (error) { return String(error) }"
        assert "Failed to fetch" in await tab.inside(simple, f"http://{node.target}/healthz")
        mine = await other.visit(chromium.tab("mine"))
        assert await mine.inside(simple, f"http://{node.target}/healthz") == 200


async def test_no_site_gets_the_page_with_its_token(chromium: Chromium, tmp_path: Path) -> None:
    """By no request that a page can make, nor in a frame: even where all origins may call."""
    tried_out = TryingOut(host="127.0.0.1", user="ada", token=tokens.device)
    setup = Setup(
        path=tmp_path / "unisono.db",
        make_server=HttpServer,
        transport=replace(TRANSPORT, trying_out=tried_out),
        origins={"mail.test": ("*",)},
    )
    async with running(setup) as node, site() as other:
        tab = await other.visit(chromium.tab("thief"))
        read = "try { return (await fetch(arg)).text() } catch (error) { return String(error) }"
        assert "data-token" not in await tab.inside(read, f"http://{node.target}/")
        await tab.run(
            "await page.evaluate(url => new Promise(done => {"
            "  const frame = Object.assign(document.createElement('iframe'), { src: url, onload: done });"
            "  document.body.append(frame); }), arg)",
            f"http://{node.target}/",
        )
        framed = await tab.run("return Promise.all(page.frames().map(frame => frame.content()))")
        assert len(framed) == 2
        assert not any("data-token" in content for content in framed)
        # A person who opens it sees it, so that the above is not for want of the page.
        assert await tab.goto(f"http://{node.target}/") == 200
        assert await tab.inside("return document.body.dataset.token")
