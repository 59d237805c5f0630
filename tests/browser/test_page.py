"""Two devices in one page, in a real browser: what happens on one is on the other, also after a cut."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.chromium import Chromium, Tab
from tests.browser.two_devices import LAPTOP, PHONE, TwoDevices
from tests.support import tokens
from tests.support.nodes import TRANSPORT, Setup, running
from tests.support.proxies import Proxy, proxied
from unisono.client import Publisher, ReadState
from unisono.server.api.http_server import HttpServer
from unisono.server.api.transport import TryingOut
from unisono.server.core.feeds import SessionRules


def tried_out(path: Path, token: Callable[[], str]) -> Setup:
    """A node with the page, of the user ada."""
    trying_out = TryingOut(host="127.0.0.1", user="ada", token=token)
    return Setup(
        path=path / "unisono.db",
        make_server=HttpServer,
        transport=replace(TRANSPORT, trying_out=trying_out),
        origins={"mail.test": ("*",)},
        session_rules=SessionRules(heartbeat_default=2, heartbeat_min=1),
    )


@pytest_asyncio.fixture(loop_scope="module")
async def server(chromium: Chromium, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a server of this test alone, once there is a browser."""
    async with running(tried_out(tmp_path, tokens.device)) as node:
        yield node.target


@pytest_asyncio.fixture(loop_scope="module")
async def proxy(server: str) -> AsyncIterator[Proxy]:
    async with proxied(server) as proxy:
        yield proxy


@pytest_asyncio.fixture(loop_scope="module")
async def publisher(server: str) -> AsyncIterator[Publisher]:
    async with Publisher(server, tokens.publisher()) as publisher:
        yield publisher


async def test_what_is_sent_is_live_on_both(chromium: Chromium, server: str, publisher: Publisher) -> None:
    page = await TwoDevices.opened(chromium, "live", f"http://{server}/")
    await page.until_both_have({}, unread=0)
    await page.send("from the page")
    await page.until_both_have({"from the page": False}, unread=1)
    await publisher.send("ada", title="from a backend", body="with more to say")
    await page.until_both_have({"from the page": False, "from a backend": False}, unread=2)
    texts = "return [...document.querySelectorAll('li p')].map(one => one.textContent)"
    assert await page.tab.inside(texts) == ["with more to say", "", "with more to say", ""]


async def test_what_is_read_or_dismissed_on_one_is_so_on_the_other(chromium: Chromium, server: str) -> None:
    page = await TwoDevices.opened(chromium, "read", f"http://{server}/")
    for title in ("one", "two", "three"):
        await page.send(title)
    await page.until_both_have({"one": False, "two": False, "three": False}, unread=3)
    await page.click(LAPTOP, "one", "Read")
    await page.until_both_have({"one": True, "two": False, "three": False}, unread=2)
    await page.click(PHONE, "two", "Dismiss")
    await page.until_both_have({"one": True, "three": False}, unread=1)


async def test_by_the_keyboard_alone(chromium: Chromium, server: str) -> None:
    page = await TwoDevices.opened(chromium, "keys", f"http://{server}/")
    press = "for (const key of arg) await page.keyboard.press(key)"
    for title in ("one", "two"):
        await page.tab.run("await page.keyboard.type(arg); await page.keyboard.press('Enter')", title)
    await page.until_both_have({"one": False, "two": False}, unread=2)
    await page.tab.run(press, ["ArrowDown", "ArrowDown", "r"])
    await page.until_both_have({"one": True, "two": False}, unread=1)
    await page.tab.run(press, ["ArrowRight", "ArrowUp", "d"])
    await page.until_both_have({"one": True}, unread=0)
    await page.tab.run(press, ["/", "x"])
    assert await page.tab.inside("return document.querySelector('input').value") == "x"


async def test_who_was_cut_off_comes_back_to_what_is_so_now(
    chromium: Chromium, proxy: Proxy, publisher: Publisher
) -> None:
    page = await TwoDevices.opened(chromium, "cut", f"http://{proxy.target}/")
    sent = [await publisher.send("ada", title=title) for title in ("stays", "goes", "is read")]
    await page.until_both_have({"stays": False, "goes": False, "is read": False}, unread=3)
    proxy.block()
    await page.until("Object.values(devices).every(device => device.state !== 'live')")
    await publisher.delete("ada", sent[1].id)
    await publisher.mark("ada", sent[2].id, read_state=ReadState.READ)
    await publisher.send("ada", title="is new")
    proxy.unblock()
    await page.until_both_have({"stays": False, "is read": True, "is new": False}, unread=2)
    await page.until("Object.values(devices).every(device => device.state === 'live')")


async def test_who_hears_nothing_any_more_comes_back(
    chromium: Chromium, proxy: Proxy, publisher: Publisher
) -> None:
    """As when a laptop has changed networks: the connection is open, and nothing comes by it."""
    page = await TwoDevices.opened(chromium, "silent", f"http://{proxy.target}/")
    proxy.silence()
    proxy.speak()
    await publisher.send("ada", title="meanwhile")
    await page.until_both_have({"meanwhile": False}, unread=1)


async def test_one_that_is_disconnected_catches_up(chromium: Chromium, server: str) -> None:
    page = await TwoDevices.opened(chromium, "away", f"http://{server}/")
    await page.send("before")
    await page.until_both_have({"before": False}, unread=1)
    await page.switch(PHONE)
    await page.until("devices.Phone.state === 'disconnected'")
    await page.click(LAPTOP, "before", "Dismiss")
    await page.send("meanwhile")
    seen = await page.until("'meanwhile' in devices.Laptop.rows && !('before' in devices.Laptop.rows)")
    assert seen[PHONE]["rows"] == {"before": False}
    await page.switch(PHONE)
    await page.until_both_have({"meanwhile": False}, unread=1)


async def test_its_devices_go_with_it(chromium: Chromium, server: str) -> None:
    """They are ephemeral, and a page that is loaded anew goes on as the devices that it was."""
    page = await TwoDevices.opened(chromium, "anew", f"http://{server}/")
    listed = """
      const asked = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
      asked.headers.authorization = `Bearer ${document.body.dataset.token}`;
      const answer = await fetch("/unisono.v1.EndpointService/ListEndpoints", asked);
      return (await answer.json()).endpoints.map(one => [one.endpointId, one.ephemeral]).sort();
    """
    devices = await page.tab.inside(listed)
    assert [ephemeral for _, ephemeral in devices] == [True, True]
    page = await TwoDevices.opened(chromium, "anew", f"http://{server}/")
    assert await page.tab.inside(listed) == devices


@asynccontextmanager
async def with_tokens(*lives: int, chromium: Chromium, path: Path) -> AsyncIterator[tuple[Tab, list[str]]]:
    """The page, whose tokens are good for so many seconds, and the tokens that it was given."""
    given: list[str] = []

    def token() -> str:
        left = lives[min(len(given), len(lives) - 1)]
        given.append(tokens.device(exp=int(time.time()) + left))
        return given[-1]

    async with running(tried_out(path, token)) as node:
        tab = chromium.tab(f"tokens {lives}")
        await tab.goto(f"http://{node.target}/")
        yield tab, given


async def test_a_page_whose_token_expires_gets_another(chromium: Chromium, tmp_path: Path) -> None:
    async with with_tokens(2, 3600, chromium=chromium, path=tmp_path) as (tab, given):
        renewed = "document.body.dataset.token !== arg"
        live = "Object.values(devices).every(device => device.state === 'live')"
        await TwoDevices(tab).until(f"{renewed} && {live}", given[0])
        assert len(given) == 2


async def test_one_that_gets_none_that_is_good_does_not_ask_for_ever(
    chromium: Chromium, tmp_path: Path
) -> None:
    async with with_tokens(-1, chromium=chromium, path=tmp_path) as (tab, given):
        asks_again = "await page.waitForRequest(request => request.url().endsWith('Subscribe'));"
        await tab.run(asks_again * 6)
        assert len(given) == 2


async def test_an_error_is_shown(chromium: Chromium, server: str) -> None:
    page = await TwoDevices.opened(chromium, "error", f"http://{server}/")
    await page.send(" ")
    await page.tab.run("await page.waitForFunction(() => document.querySelector('[role=alert]').textContent)")
    told = await page.tab.inside("return document.querySelector('[role=alert]').textContent")
    assert "payload.visual_content.title" in told


@pytest.mark.parametrize(
    "forbidden",
    [
        "eval('1')",
        # Without the policy it would be let in: with --dev all origins may ask.
        "await fetch(location.origin.replace('127.0.0.1', 'localhost') + '/healthz')",
        "document.body.insertAdjacentHTML('beforeend', '<b>')",
    ],
)
async def test_the_page_may_do_no_more_than_it_has_to(
    forbidden: str, chromium: Chromium, server: str
) -> None:
    tab = chromium.tab("policy")
    await tab.goto(f"http://{server}/")
    # What a driver runs at once is bound by no policy; what it leaves behind is.
    code = f"""
      await new Promise(done => setTimeout(done));
      try {{ {forbidden}; return "done" }} catch (error) {{ return error.name }}
    """
    assert await tab.inside(code) in ("EvalError", "TypeError")


async def test_a_name_of_somebody_elses_gets_nothing(chromium: Chromium, server: str) -> None:
    tab = chromium.tab("rebound")
    port = server.rpartition(":")[2]
    assert await tab.goto(f"http://evil.example:{port}/") == 403
    assert "With --dev" in await tab.inside("return document.body.textContent")
