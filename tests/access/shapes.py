"""The configurations and decoded tokens in docs/identity.md, which are what the server is held to."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.access.signing import SECRET, jwk, jwks_file, rsa_key, signed
from tests.docs.blocks import blocks_of
from tests.docs.machine import ROOT
from tests.support.clocks import FakeClock
from unisono.server.app.trust import trust
from unisono.server.config import Settings
from unisono.server.core.access.verifier import TokenVerifier

DOCUMENT = ROOT / "docs" / "identity.md"
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

Claims = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a provider issues: a configuration for it, an app's own token and one of a person."""

    name: str
    toml: str
    publisher: Claims
    device: Claims

    @property
    def symmetric(self) -> bool:
        return "secret_file" in self.toml

    def settings(self, folder: Path) -> Settings:
        """The settings as they are in the document, but that the keys are in a file of the test."""
        values = tomllib.loads(self.toml)
        (issuer,) = values["issuers"]
        if self.symmetric:
            file = folder / "unisono.secret"
            file.write_text(SECRET)
            file.chmod(0o600)
            issuer["secret_file"] = str(file)
        else:
            issuer.pop("discovery", None)
            issuer["jwks_file"] = str(
                jwks_file(folder, jwk(rsa_key(), kid="one", **self._key_issuer(issuer)))
            )
        return Settings(store=f"sqlite:///{folder}/unisono.db", **values)

    def verifier(self, folder: Path) -> TokenVerifier:
        return trust(self.settings(folder), FakeClock()).verifier

    def sign(self, claims: Claims) -> str:
        if self.symmetric:
            return signed(claims)
        typ = "at+jwt" if self.name.endswith("RFC 9068") else "JWT"
        return signed(claims, rsa_key(), "RS256", kid="one", typ=typ)

    def _key_issuer(self, issuer: Claims) -> dict[str, str]:
        return {"issuer": issuer["issuer"]} if "{tenantid}" in issuer["issuer"] else {}


@cache
def shapes() -> tuple[Shape, ...]:
    """All sections with a configuration and two tokens."""
    return tuple(_shapes(DOCUMENT.read_text(encoding="utf-8")))


def _shapes(text: str) -> Iterator[Shape]:
    headings = list(HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    for heading, end in zip(headings, ends, strict=True):
        blocks = list(blocks_of(DOCUMENT.name, text[heading.end() : end]))
        if [block.language for block in blocks] == ["toml", "json", "json"]:
            toml, publisher, device = (block.text for block in blocks)
            yield Shape(
                name=heading[1], toml=toml, publisher=json.loads(publisher), device=json.loads(device)
            )
