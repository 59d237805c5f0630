"""The page that shows what the service does where it is tried out: two devices of one user.

It has an access token in it, and so goes to nobody but a browser on this machine, and to no page within that.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from typing import Final

from unisono.server.api.auth import BY_PROXIES
from unisono.server.api.http.exchange import Exchange, Header
from unisono.server.api.http.networks import is_this_machine

_TOKEN: Final = b"{{token}}"
_USER: Final = b"{{user}}"


class Page:
    """Serves the page, with a new token each time: `token` returns one of the user with the id `user`."""

    def __init__(self, token: Callable[[], str], user: str) -> None:
        text = files("unisono.server.api.web").joinpath("page.html").read_bytes()
        self._text: Final = text.replace(_USER, user.encode())
        self._token: Final = token
        self._headers: Final = _headers(text)

    def is_for(self, exchange: Exchange) -> bool:
        """Return whether a request for "/" is of somebody on this machine, who looks at what is there.

        A proxy that is not trusted says what it is by the headers that it adds. Browsers of today say what
        they want something for (Fetch Metadata), and others cannot read what they get from another origin.
        """
        headers = dict(exchange.headers)
        return (
            is_this_machine(exchange.peer)
            and not exchange.is_proxied
            and not any(name.encode() in headers for name in BY_PROXIES)
            and b"origin" not in headers
            and headers.get(b"sec-fetch-dest", b"document") == b"document"
        )

    async def answer(self, exchange: Exchange) -> None:
        """Answer a request that the page is for."""
        text = self._text.replace(_TOKEN, self._token().encode())
        exchange.respond(200, (*self._headers, (b"content-length", b"%d" % len(text))))
        await exchange.write(text)
        exchange.finish()


def _headers(text: bytes) -> tuple[Header, ...]:
    """Return the headers of the page: it runs what is in it, talks to its own server, and no more."""
    policy = (
        "default-src 'none'",
        f"script-src {_hash_of(b'script', text)}",
        f"style-src {_hash_of(b'style', text)}",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
    return (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", "; ".join(policy).encode()),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
    )


def _hash_of(tag: bytes, text: bytes) -> str:
    """Return what a policy calls the one element with this tag (CSP Level 3, section 2.3.1)."""
    (inside,) = re.findall(b"<%b(?: [^>]*)?>(.*?)</%b>" % (tag, tag), text, re.DOTALL)
    return f"'sha256-{b64encode(sha256(inside).digest()).decode()}'"
