"""Requests as they came, answers, and the faults that a test puts between them."""

import gzip
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

#: Seconds that a held answer waits at most: a test that fails does not hang.
LONGEST: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request. `path` is without its query, `form` has that and the body."""

    method: str
    path: str
    form: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered, unless a fault makes something else of it."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Fault = Callable[[Callable[[], Answer]], Answer]
"""Makes an answer, with or without the one that the provider would give: that acts only when it is called."""


def as_json(value: Mapping[str, Any], status: int = 200) -> Answer:
    """Return an answer that is a JSON object."""
    kind = ("Content-Type", "application/json")
    return Answer(status=status, body=json.dumps(value).encode(), headers=(kind,))


def as_html(page: str, status: int = 200) -> Answer:
    """Return an answer that a person sees."""
    return Answer(status=status, body=page.encode(), headers=(("Content-Type", "text/html"),))


def broken(status: int = 500) -> Fault:
    """A fault: the answer is an error of HTTP."""
    return lambda _: as_html("<h1>That did not work</h1>", status)


def html() -> Fault:
    """A fault: the answer is a page, where JSON was expected."""
    return lambda _: as_html("<h1>Welcome to our portal</h1>")


def large(size: int) -> Fault:
    """A fault: the answer is as it should be, followed by blanks up to this size in bytes."""

    def pad(answer: Callable[[], Answer]) -> Answer:
        right = answer()
        return replace(right, body=right.body.ljust(size))

    return pad


def compressed() -> Fault:
    """A fault: the answer is as it should be, but compressed, whether or not that was asked for."""

    def compress(answer: Callable[[], Answer]) -> Answer:
        right = answer()
        return replace(
            right, body=gzip.compress(right.body), headers=(*right.headers, ("Content-Encoding", "gzip"))
        )

    return compress


def redirected(address: str, status: int = 302) -> Fault:
    """A fault: the answer is elsewhere."""
    return lambda _: Answer(status=status, headers=(("Location", address),))


def refused(error: str, status: int = 400) -> Fault:
    """A fault: the answer is an error of OAuth, such as slow_down."""
    return answered({"error": error}, status)


def answered(value: Mapping[str, Any], status: int = 200) -> Fault:
    """A fault: the answer is this JSON object."""
    return lambda _: as_json(value, status)


def lost() -> Fault:
    """A fault: what was asked for is done, and the answer is an error of HTTP."""

    def forget(answer: Callable[[], Answer]) -> Answer:
        answer()
        return as_html("<h1>That did not work</h1>", 502)

    return forget


def held(until: threading.Event) -> Fault:
    """A fault: the answer comes when the test says so."""

    def wait(answer: Callable[[], Answer]) -> Answer:
        right = answer()
        until.wait(LONGEST)
        return right

    return wait
