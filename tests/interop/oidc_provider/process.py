"""Runs the provider of `server.mjs` in a process, which can be stopped and started again on its port."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import pytest

from tests.support.processes import TIMEOUT

FOLDER: Final = Path(__file__).parent
AUDIENCE: Final = "unisono"


def require_provider() -> None:
    """Skip the test where the provider is not installed: `make interop` installs it."""
    if not (shutil.which("node") and (FOLDER / "node_modules" / "oidc-provider").exists()):
        pytest.skip("oidc-provider is not installed: make interop")


class Provider:
    """An OpenID provider on 127.0.0.1, whose `issuer` is its address.

    `shape` is what its access tokens look like, as in `shapes.mjs`, and `lifetime` how long they are good,
    in seconds. What it knows is gone when it is stopped, its keys, too.
    """

    def __init__(self, shape: str = "rfc9068", *, lifetime: int = 3600) -> None:
        self._options = ("--shape", shape, "--lifetime", str(lifetime))
        self._process: subprocess.Popen[str] | None = None
        self.shape = shape
        self.issuer = ""
        self.http = httpx.Client(timeout=TIMEOUT)

    def start(self) -> None:
        """Start it, and wait until it serves."""
        port = str(httpx.URL(self.issuer).port) if self.issuer else "0"
        self._process = subprocess.Popen(
            ("node", str(FOLDER / "server.mjs"), "--port", port, *self._options),
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "NODE_NO_WARNINGS": "1"},
        )
        assert self._process.stdout is not None
        self.issuer = self._process.stdout.readline().strip()
        assert self.issuer, "the provider did not start"

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=TIMEOUT)
            self._process = None

    def close(self) -> None:
        """End it for good."""
        self.stop()
        self.http.close()

    def rotate(self, *, keep: bool = True) -> None:
        """Sign with a new key from now on; the others stay published with `keep`."""
        self._administer("rotate", keep="yes" if keep else "no")

    def set_ahead(self, seconds: int) -> None:
        """Set its clock ahead of the machine's, or behind."""
        self._administer("clock", ahead=str(seconds))

    def user_id(self, name: str) -> str:
        """Return the id of a user, as tokens have it."""
        return self.http.get(f"{self.issuer}/admin/users/{name}").raise_for_status().text

    def metadata(self) -> dict[str, Any]:
        """Return its discovery document."""
        return self._json(f"{self.issuer}/.well-known/openid-configuration")

    def claims(self, token: str) -> dict[str, Any]:
        """Return the claims of an access token, once its signature is found to be of a published key."""
        header = jwt.get_unverified_header(token)
        published = jwt.PyJWKSet.from_dict(self._json(self.metadata()["jwks_uri"]))
        claims: dict[str, Any] = jwt.decode(
            token, published[header["kid"]], audience=AUDIENCE, issuer=self.issuer, algorithms=["RS256"]
        )
        return claims

    def _json(self, address: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.http.get(address).raise_for_status().content)
        return answer

    def _administer(self, what: str, **parameters: str) -> None:
        self.http.post(f"{self.issuer}/admin/{what}", params=parameters).raise_for_status()
