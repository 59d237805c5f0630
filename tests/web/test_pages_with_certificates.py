"""A browser shows a client certificate by itself, whatever page calls: so the page is what is looked at."""

import ssl
from dataclasses import replace
from pathlib import Path

import httpx

from tests.support import tokens
from tests.support.certified import CLIENTS, certified
from tests.support.nodes import Setup
from tests.support.processes import TIMEOUT
from tests.web.pages import MAIL_PAGE, ORIGINS
from unisono.server.clock import SystemClock
from unisono.server.core.access.apps import Apps
from unisono.server.core.access.verifier import TokenVerifier

MAIL = CLIENTS.dns("mail.backend.internal")
APP = replace(tokens.APPS[0], client_certificates=("dns:mail.backend.internal",))
SEND = "/unisono.v1.NotificationService/SendNotification"
CONTENT = b'{"userId": "ada", "payload": {"visualContent": {"title": "Hello"}}}'

#: What a page may send without a preflight.
FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_a_foreign_page_sends_nothing_by_a_certificate(tmp_path: Path) -> None:
    verifier = TokenVerifier(tokens.issuers(), Apps([APP]), SystemClock(), client_certificates=True)
    setup = Setup(path=tmp_path / "unisono.db", verifier=verifier, origins=ORIGINS)
    async with certified(tmp_path, setup) as serving:
        context = MAIL.use(ssl.create_default_context(cadata=serving.root.decode()), tmp_path)
        async with httpx.AsyncClient(
            base_url=f"https://{serving.node.target}", verify=context, trust_env=False, timeout=TIMEOUT
        ) as client:
            for origin in ("https://evil.example", "null"):
                refused = await client.post(SEND, headers={**FORM, "origin": origin}, content=CONTENT)
                assert refused.status_code == 403
                assert refused.json()["details"][0]["debug"]["reason"] == "ORIGIN_NOT_ALLOWED"
            for its_own in ({}, {"origin": MAIL_PAGE}):
                answer = await client.post(SEND, headers={**FORM, **its_own}, content=CONTENT)
                assert answer.json()["result"]["revision"] in ("1", "2")
