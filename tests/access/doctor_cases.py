"""Configurations and tokens for the doctor."""

import asyncio
from typing import Any

from tests.access.signing import SECRET
from tests.support.clocks import FakeClock
from unisono.server.app.doctor.diagnosis import Diagnosis, diagnose
from unisono.server.app.trust import trust
from unisono.server.config import Settings
from unisono.server.core.access.claims import Claims

Changes = dict[str, Any]

ISS = "https://id.test/"
CLOCK = FakeClock()
NOW = CLOCK.now() // 1000
OWN = "notifications.send"
DEVICE = "notifications.readwrite"


def settings(issuer: Changes, app: Changes, server: Changes | None = None) -> Settings:
    declared = {"issuer": ISS, "name": "id", "audience": "unisono", "secret": SECRET, **issuer}
    tables: dict[str, Any] = {
        "apps": [{"app_id": "mail.test", "client_ids": ["mail-client"], **app}],
        "issuers": [{name: value for name, value in declared.items() if value is not None}],
    }
    return Settings(**tables, **(server or {}))


def claims(**changes: Any) -> Claims:
    """Those of a good token of the user ada, with changes; None leaves a claim out."""
    good = {
        "iss": ISS,
        "aud": "unisono",
        "azp": "mail-client",
        "sub": "ada",
        "scope": DEVICE,
        "exp": NOW + 60,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def examined(
    token: str,
    issuer: Changes | None = None,
    app: Changes | None = None,
    clock: FakeClock = CLOCK,
    server: Changes | None = None,
) -> Diagnosis:
    at = settings(issuer or {}, app or {}, server)
    return asyncio.run(diagnose(token, trust(at, clock), at))
