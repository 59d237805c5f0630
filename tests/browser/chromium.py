"""Chromium, without a window, which tests drive by code of Playwright: each tab is a profile of its own."""

import asyncio
import itertools
import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.processes import TIMEOUT

FOLDER: Final = Path(__file__).parent
_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")


def required() -> str:
    """Return the path of Chromium; skip the test where that or what drives it is missing, fail it in CI."""
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("Chromium is not installed")
    if not (FOLDER / "node_modules" / ".package-lock.json").exists():
        pytest.skip("playwright-core is not installed, which needs Node.js 20 or later: make tools")
    return found


class Chromium:
    """A browser, whose driver runs in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process: Final = process
        self._ids: Final = itertools.count()
        self._answers: Final[dict[int, asyncio.Future[Any]]] = {}

    def tab(self, name: str) -> "Tab":
        """Return the tab with this name, which opens with its first use."""
        return Tab(self, name)

    async def run(self, tab: str, code: str, arg: object) -> Any:
        """Run code in a tab, and return its value. Raises `AssertionError` with what it raised."""
        assert self._process.stdin is not None
        asked = next(self._ids)
        answer = self._answers[asked] = asyncio.get_running_loop().create_future()
        line = json.dumps({"id": asked, "tab": tab, "code": code, "arg": arg})
        self._process.stdin.write(f"{line}\n".encode())
        async with asyncio.timeout(TIMEOUT):
            said = await answer
        if "error" in said:
            raise AssertionError(said["error"])
        return said["value"]

    async def listen(self) -> None:
        """Take the answers of the driver until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            self._answers.pop(said["id"]).set_result(said)
        for answer in self._answers.values():
            answer.set_exception(AssertionError("the driver of the browser has ended"))


class Tab:
    """A tab. `run` takes statements of Playwright, with `page` and `arg`."""

    def __init__(self, browser: Chromium, name: str) -> None:
        self._browser: Final = browser
        self.name: Final = name

    async def run(self, code: str, arg: object = None) -> Any:
        """Run code of Playwright, and return what it returns."""
        return await self._browser.run(self.name, code, arg)

    async def goto(self, address: str) -> int:
        """Open an address, and return the status of the answer."""
        status: int = await self.run("return (await page.goto(arg))?.status() ?? 0", address)
        return status

    async def inside(self, code: str, arg: object = None) -> Any:
        """Run a function's body within the page itself, and return what it returns."""
        return await self.run(f"return await page.evaluate(async arg => {{ {code} }}, arg)", arg)


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[Chromium]:
    """Run a browser with these arguments."""
    # As root, as in many containers, there is no sandbox to be had.
    sandbox: Sequence[str] = ("--no-sandbox",) if os.geteuid() == 0 else ()
    process = await asyncio.create_subprocess_exec(
        "node",
        str(FOLDER / "driver.mjs"),
        required(),
        *sandbox,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=16 * 1024 * 1024,
    )
    browser = Chromium(process)
    listening = asyncio.create_task(browser.listen())
    try:
        yield browser
    finally:
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(TIMEOUT):
            await process.wait()
            await listening
