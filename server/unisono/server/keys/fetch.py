"""Fetches JSON documents over HTTPS: bounded in time, size and redirects. Knows nothing of keys."""

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any, Final

import httpx

from unisono.server.keys.base import FetchError
from unisono.server.keys.urls import is_allowed, is_loopback

TIMEOUT: Final = 10.0
"""Seconds that a document may take in all."""

BYTES_MAX: Final = 1024 * 1024
REDIRECTS_MAX: Final = 3

_HEADERS: Final = {
    "accept": "application/json",
    # What is compressed could be a thousand times larger than it looks.
    "accept-encoding": "identity",
    "user-agent": "unisono-server",
}


class Fetcher:
    """Fetches documents through connections of its own, and the proxies that the environment names.

    Trusts the certificates of the system (`SSL_CERT_FILE` names others); those of Mozilla where there are
    none, as in a bare container.
    """

    def __init__(self) -> None:
        self._context = ssl.create_default_context() if _has_certificates() else httpx.create_ssl_context()
        self._proxied = self._client(trust_env=True)
        self._direct = self._client(trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        await self._proxied.aclose()
        await self._direct.aclose()

    async def json(self, url: str) -> dict[str, Any]:
        """Return the JSON object at a URL. Raises `FetchError`.

        Redirects are followed three times, and never from elsewhere to this machine, or to what is no https.
        """
        try:
            async with asyncio.timeout(TIMEOUT):
                content = await self._content(url, loopback=is_loopback(url))
            document = json.loads(content)
        except TimeoutError:
            raise FetchError(f"{url} did not answer within {TIMEOUT:g} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise FetchError(f"{url}: {str(error) or type(error).__name__}") from error
        except (ValueError, RecursionError) as error:
            raise FetchError(f"{url} is not JSON") from error
        if not isinstance(document, dict):
            raise FetchError(f"{url} is no JSON object")
        return document

    def _client(self, *, trust_env: bool) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self._context, trust_env=trust_env, timeout=TIMEOUT, headers=_HEADERS)

    async def _content(self, url: str, *, loopback: bool) -> bytes:
        for _ in range(REDIRECTS_MAX + 1):
            if not is_allowed(url, loopback=loopback):
                raise FetchError(f"{url} is not https, which keys have to come by")
            client = self._direct if is_loopback(url) else self._proxied
            async with client.stream("GET", url) as response:
                if response.next_request is None:
                    return await _body(url, response)
                url = str(response.next_request.url)
        raise FetchError(f"{url} is one redirect too many")


def _has_certificates() -> bool:
    """Return whether the system has certificates of authorities."""
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


async def _body(url: str, response: httpx.Response) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise FetchError(f"{url} answered {response.status_code}")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise FetchError(f"{url} answered in an encoding that was not asked for")
    body = bytearray()
    async for chunk in response.aiter_raw(64 * 1024):
        body += chunk
        if len(body) > BYTES_MAX:
            raise FetchError(f"{url} has more than {BYTES_MAX} bytes")
    return bytes(body)
