"""The page that a server shows where it is tried out, as a person sees it in a browser."""

import json
from typing import Any, Final

from tests.browser.chromium import Chromium, Tab

LAPTOP: Final = "Laptop"
PHONE: Final = "Phone"

_SEEN: Final = """
const devices = {};
for (const section of document.querySelectorAll("section")) {
  const row = item => [item.querySelector("b").textContent, item.classList.contains("read")];
  devices[section.querySelector("h2").textContent] = {
    unread: section.querySelector("output").textContent,
    state: section.querySelector("[role=status]").textContent,
    rows: Object.fromEntries([...section.querySelectorAll("li")].map(row)),
  };
}
"""


class TwoDevices:
    """The page in a tab: `rows` of a device are its titles, and whether each was read, newest first."""

    def __init__(self, tab: Tab) -> None:
        self.tab: Final = tab

    @classmethod
    async def opened(cls, browser: Chromium, name: str, address: str) -> "TwoDevices":
        """Open the page in a new tab, and wait until both devices are live."""
        page = cls(browser.tab(name))
        assert await page.tab.goto(address) == 200
        await page.until("Object.values(devices).every(device => device.state === 'live')")
        return page

    async def until(self, condition: str, arg: object = None) -> Any:
        """Wait until a condition on `devices`, by their names, is true, and return them."""
        code = f"{_SEEN} return ({condition}) && devices;"
        return await self.tab.run(
            f"const found = await page.waitForFunction(arg => {{ {code} }}, arg); return found.jsonValue()",
            arg,
        )

    async def until_both_have(self, rows: dict[str, bool], unread: int) -> None:
        """Wait until both devices show these rows, in any order, and so many unread."""
        sorted_rows = "Object.entries(device.rows).sort()"
        condition = (
            f"Object.values(devices).every(device => JSON.stringify({sorted_rows}) === arg.rows"
            " && device.unread === arg.unread)"
        )
        wanted = json.dumps(sorted([title, read] for title, read in rows.items()), separators=(",", ":"))
        await self.until(condition, {"rows": wanted, "unread": str(unread)})

    async def send(self, title: str) -> None:
        """Send a notification by the form."""
        await self.tab.run("await page.fill('input', arg); await page.keyboard.press('Enter')", title)

    async def click(self, device: str, title: str, button: str) -> None:
        """Click a button of a row."""
        await self.tab.run(
            "await page.locator('section', { hasText: arg[0] }).locator('li', { hasText: arg[1] })"
            ".getByText(arg[2], { exact: true }).click()",
            [device, title, button],
        )

    async def switch(self, device: str) -> None:
        """Disconnect a device, or connect it again."""
        await self.tab.run(
            "await page.locator('section', { hasText: arg }).locator('header button').click()", device
        )
