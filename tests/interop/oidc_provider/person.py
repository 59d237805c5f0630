"""A person with a browser: opens an address, signs in, and agrees to whatever is asked.

`python -m tests.interop.oidc_provider.person URL NAME` signs in by hand, without a browser.
"""

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

import httpx

#: Where no server listens: an app reads what the browser is sent there with.
CALLBACK: Final = "http://127.0.0.1/callback"

#: Pages until a sign-in has gone wrong: there are at most four forms, each with a redirect or two.
_PAGES: Final = 20


class Form(HTMLParser):
    """The first form of a page that is posted: its address, and the fields with their values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.address = ""
        self.fields: dict[str, str] = {}
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.address and values.get("method", "").lower() == "post":
            self.address, self._inside = values.get("action", "."), True
        elif tag == "input" and self._inside and "name" in values:
            self.fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def sign_in(browser: httpx.Client, address: str, name: str) -> str:
    """Open an address as the user `name`, fill in each form, and return where the browser ends.

    That is the callback of an app with its query, or the page that says that a device is signed in. Raises
    `AssertionError` for a page that says that something is wrong.
    """
    for at, page in _pages(browser, address, name):
        if page is None:
            return at
    raise AssertionError("the sign-in has no end")


def _pages(browser: httpx.Client, address: str, name: str) -> Iterator[tuple[str, str | None]]:
    """Yield each page with its address; the last has no more forms."""
    answer = browser.get(address)
    for _ in range(_PAGES):
        location = answer.headers.get("location", "")
        if location.startswith(CALLBACK):
            yield location, None
            return
        if location:
            answer = browser.get(urljoin(str(answer.url), location))
            continue
        assert answer.status_code == httpx.codes.OK, answer.text
        form = Form(answer.text)
        if not form.address:
            yield str(answer.url), None
            return
        yield str(answer.url), answer.text
        answer = browser.post(urljoin(str(answer.url), form.address), data=_filled(form, name))


def _filled(form: Form, name: str) -> dict[str, str]:
    typed = {"login": name, "password": "any"}
    return {field: value or typed.get(field, "") for field, value in form.fields.items()}


if __name__ == "__main__":
    with httpx.Client() as person:
        sign_in(person, *sys.argv[1:3])
