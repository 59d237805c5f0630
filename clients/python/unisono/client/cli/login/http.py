"""Requests to a provider: bounded in size and time, encrypted, and answered where they were sent.

httpx is imported with the first request: it takes longer than all else that a command imports.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

from unisono.client._wire.targets import leaves_the_machine
from unisono.client.cli.login.errors import LoginError, NotReached

if TYPE_CHECKING:
    import ssl

    import httpx

#: The largest answer, in bytes: documents and tokens of real providers have a few thousand.
LARGEST: Final = 65_536

#: Nothing compressed, which could be much larger than it looks.
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered: the status of HTTP, and the JSON object; empty where it is none."""

    status: int
    value: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Return a member that is a text; empty for any other."""
        value = self.value.get(name)
        return value if isinstance(value, str) else ""


def get(url: str, timeout: float) -> Answer:
    """Return what is at a URL; `timeout` is in seconds. Raises as `post`."""
    return _request("GET", url, None, timeout)


def post(url: str, form: Mapping[str, str], timeout: float) -> Answer:
    """Post a form, of which values that are empty are left out, and return what is answered.

    Raises `NotReached` for what may pass, and `LoginError` for a URL that is not safe, a redirect, and an
    answer that is too large.
    """
    return _request("POST", url, {name: value for name, value in form.items() if value}, timeout)


def check_url(url: str, what: str) -> None:
    """Raise `LoginError` for what is no URL of https, nor of http on this machine."""
    parts = _split(url)
    if parts.scheme not in (("https",) if _is_away(parts) else ("https", "http")) or not parts.hostname:
        raise LoginError(f"{what} must be a URL of https; is {url!r}", "in the clear tokens could be read")
    if "@" in parts.netloc or parts.fragment:
        raise LoginError(f"{what} must have no user and no fragment; is {url!r}")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def _is_away(url: SplitResult) -> bool:
    """Return whether a URL is of another machine, as far as its name shows."""
    host = url.hostname or ""
    return leaves_the_machine(f"[{host}]" if ":" in host else host)


def _request(method: str, url: str, form: Mapping[str, str] | None, timeout: float) -> Answer:
    import httpx

    check_url(url, "the address")
    # A proxy of the environment does not know what is on this machine.
    parts = _split(url)
    schemes = () if _is_away(parts) else ("http://", "https://")
    directly: dict[str, httpx.BaseTransport | None] = dict.fromkeys(schemes)
    try:
        with (
            httpx.Client(timeout=timeout, mounts=directly, verify=_trusted(parts.scheme)) as client,
            client.stream(method, url, data=form, headers=_HEADERS) as response,
        ):
            return _answer(response, time.monotonic() + timeout)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError) as error:
        # The last two are of proxies in the environment that cannot be used.
        raise NotReached(f"{url}: {str(error) or type(error).__name__}", _hint(error)) from error


@cache
def _trusted(scheme: str) -> "ssl.SSLContext | bool":
    """Return the authorities to trust, or those that SSL_CERT_FILE names; they take long to read."""
    import httpx

    return httpx.create_ssl_context() if scheme == "https" else False


def _answer(response: "httpx.Response", deadline: float) -> Answer:
    if response.has_redirect_location:
        where = response.headers["Location"]
        raise LoginError(f"{response.url} redirects to {where}", "name the issuer by its own address")
    body = bytearray()
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > LARGEST:
            raise LoginError(f"{response.url} answers with more than {LARGEST:,} bytes")
        if time.monotonic() > deadline:
            raise NotReached(f"{response.url} answers too slowly", "--timeout gives it more time")
    return Answer(status=response.status_code, value=_object(bytes(body)))


def _hint(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "SSL_CERT_FILE in the environment names the file of the authorities to trust instead"
    return "is the address right, and is it up?"


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
