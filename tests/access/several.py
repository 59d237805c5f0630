"""Apps and issuers with short names, and tokens of them."""

from dataclasses import replace
from typing import Any

import pytest

from tests.access.signing import ISSUER, SECRET, signed
from tests.support.clocks import FakeClock
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.sharing import with_issuers
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import PermissionDenied, Unauthenticated, UnisonoError


def issuer(name: str, **changes: Any) -> Issuer:
    return replace(ISSUER, issuer=f"https://{name}.test/", name=name, **changes)


def app(name: str = "mail", *clients: str, **changes: Any) -> App:
    return App(app_id=f"{name}.test", client_ids=clients or ("web",), **changes)


def verifier(issuers: list[Issuer], *apps: App) -> TokenVerifier:
    return TokenVerifier(issuers, Apps(with_issuers(apps, issuers)), FakeClock())


def failure(issuers: list[Issuer], *apps: App) -> str:
    with pytest.raises(AccessMisconfigured) as caught:
        verifier(issuers, *apps)
    return str(caught.value)


def token(of: str, client: str = "web", **changes: Any) -> str:
    claims = {
        "iss": f"https://{of}.test/",
        "aud": "unisono",
        "azp": client,
        "sub": "ada",
        "scope": "notifications.readwrite notifications.send",
        "exp": 4_102_444_800,
        **changes,
    }
    return signed({name: value for name, value in claims.items() if value is not None}, SECRET)


def refused(by: TokenVerifier, text: str) -> UnisonoError:
    with pytest.raises((PermissionDenied, Unauthenticated)) as caught:
        by.verify(text)
    return caught.value
