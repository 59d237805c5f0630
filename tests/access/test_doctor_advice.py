"""What the doctor says to do about a token, and that whoever does it is understood."""

import asyncio
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.access.doctor_cases import CLOCK, DEVICE, ISS, NOW, OWN, Changes, claims, examined
from tests.access.shapes import Shape, shapes
from tests.access.signing import SECRET, signed
from tests.support.clocks import FakeClock
from unisono.server.app.doctor.diagnosis import diagnose
from unisono.server.app.trust import trust
from unisono.server.config import Settings

#: What is declared, what a token has, what the doctor says, and what that comes to in the declaration.
REMEDIES: list[tuple[Changes, Changes, Changes, str, Changes, Changes]] = [
    (
        {},
        {},
        {"azp": "new"},
        'declare client_ids = ["new"] in the app that it is for (mail.test)',
        {},
        {"client_ids": ["mail-client", "new"]},
    ),
    (
        {},
        {},
        {"aud": ["account", "x"]},
        'audience = ["account", "x"] in the issuer id',
        {"audience": ["account", "x"]},
        {},
    ),
    (
        {},
        {},
        {"azp": None, "cid": "mail-client"},
        'client_claims = ["cid"] in the issuer id reads it there (preset = "okta" does)',
        {"client_claims": ["cid"]},
        {},
    ),
    (
        {},
        {},
        {"client_id": "other"},
        "client_claims",
        {"client_claims": ["azp"]},
        {},
    ),
    (
        {},
        {},
        {"scope": f"unisono/{DEVICE}"},
        f'scope_map = {{ "unisono/{DEVICE}" = "{DEVICE}" }} in the issuer id',
        {"scope_map": {f"unisono/{DEVICE}": DEVICE}},
        {},
    ),
    (
        {},
        {},
        {"scope": "openid", "permissions": [DEVICE]},
        'scope_claims = ["scope", "scp", "roles", "permissions"]',
        {"scope_claims": ["scope", "scp", "roles", "permissions"]},
        {},
    ),
    ({}, {}, {"scope": "openid"}, f'user_scopes = ["{DEVICE}"]', {"user_scopes": [DEVICE]}, {}),
    ({}, {}, {"sub": None, "scope": "x"}, f'app_scopes = ["{OWN}"]', {"app_scopes": [OWN]}, {}),
    ({"user_claims": ["oid"], "app_only": "idtyp"}, {}, {}, 'are ["oid"]', {"user_claims": ["sub"]}, {}),
    ({"user_claims": [], "app_only": "idtyp"}, {}, {}, "user_claims", {"user_claims": ["sub"]}, {}),
    (
        {"required_claims": {"team": "a"}},
        {},
        {"team": "b"},
        "is",
        {"required_claims": {"team": ["a", "b"]}},
        {},
    ),
    (
        {"preset": "rfc9068"},
        {},
        {"azp": None, "client_id": "mail-client"},
        "rfc9068",
        {"token_types": "jwt"},
        {},
    ),
    ({"issuer": "https://id.test"}, {}, {}, 'issuer = "https://id.test/"', {"issuer": ISS}, {}),
    ({"secret": "x" * 40}, {}, {}, "another secret", {"secret": SECRET}, {}),
    (
        {},
        {},
        {"sub": "mail-client", "scope": OWN},
        'app_only = "sub_is_client_id" in the issuer id',
        {"app_only": "sub_is_client_id"},
        {},
    ),
    (
        {},
        {},
        {"azp": "backend", "sub": "8d7c2a", "preferred_username": "service-account-backend", "scope": OWN},
        'preset = "keycloak" in the issuer id with publisher_client_ids = ["backend"] in the app mail.test',
        {"preset": "keycloak"},
        {"publisher_client_ids": ["backend"]},
    ),
    (
        {"preset": "keycloak"},
        {},
        {"sub": "8d7c2a", "preferred_username": "service-account-mail-client", "scope": OWN},
        'publisher_client_ids = ["mail-client"] in the app mail.test would',
        {},
        {"publisher_client_ids": ["mail-client"]},
    ),
    (
        {},
        {},
        {"sub": "mail-client@clients", "gty": "client-credentials", "scope": OWN},
        'preset = "auth0" in the issuer id',
        {"preset": "auth0"},
        {},
    ),
]


@pytest.mark.parametrize(("issuer", "app", "changes", "advice", "more_issuer", "more_app"), REMEDIES)
def test_what_it_says_to_do_helps(
    issuer: Changes, app: Changes, changes: Changes, advice: str, more_issuer: Changes, more_app: Changes
) -> None:
    token = signed(dict(claims(**changes)))

    before = examined(token, issuer, app)
    after = examined(token, {**issuer, **more_issuer}, {**app, **more_app})

    assert before.error is not None
    assert len(before.advice) == 1
    assert advice in before.advice[0]
    assert after.error is None
    assert after.advice == []


@pytest.mark.parametrize(
    ("issuer", "claims_of", "advice"),
    [
        (
            "https://login.microsoftonline.com/t/v2.0",
            {"tid": "t", "oid": "o", "roles": [OWN], "idtyp": "app", "scope": None},
            'preset = "entra"',
        ),
        ("https://contoso.okta.com/oauth2/default", {"azp": None, "cid": "x", "aud": "api"}, 'set "unisono"'),
        (
            "https://contoso.eu.auth0.com/",
            {"aud": "https://contoso.eu.auth0.com/userinfo"},
            "audience=unisono",
        ),
        ("https://id.test/realms/acme", {"aud": "account"}, "audience mapper"),
        ("https://sts.windows.net/t/", {"aud": "00000003-0000-0000-c000-000000000000"}, "Microsoft Graph"),
        ("https://cognito-idp.eu-west-1.amazonaws.com/x", {"aud": None, "token_use": "access"}, '"cognito"'),
        (
            "https://accounts.google.com",
            {"at_hash": "x"},
            'preset = "google" in the issuer id takes ID tokens',
        ),
        (ISS, {"at_hash": "x"}, "send the access token"),
        (ISS, {"cnf": {"jkt": "x"}}, "turn off DPoP"),
        (ISS, {"nbf": NOW + 7200}, "nbf is 2 hours from now"),
        (ISS, {"exp": NOW - 7200}, "it expired 2 hours ago"),
        (ISS, {"exp": None}, "let the issuer say in exp"),
        (ISS, {"azp": None}, "in azp or client_id"),
    ],
)
def test_what_to_ask_an_issuer_for(issuer: str, claims_of: Changes, advice: str) -> None:
    diagnosis = examined(signed(dict(claims(iss=issuer, **claims_of))), {"issuer": issuer})
    assert any(advice in line for line in diagnosis.advice), diagnosis.advice


@pytest.mark.parametrize(
    ("token", "advice"),
    [
        ("opaque", "its issuer alone (opaque)"),
        ("a.b.c.d.e", "encrypted (JWE)"),
        ("a.b.c", "cut or changed"),
        ("x" * 20_000, "access_token_bytes"),
        (
            signed({"iss": "https://id.test/realms/x"}),
            'issuer = "https://id.test/realms/x", preset = "keycloak"',
        ),
        (signed({"sub": "ada"}), "let the issuer name itself"),
        (signed(dict(claims()), typ="logout+jwt"), 'its typ is "logout+jwt", and the issuer id takes'),
        (signed(dict(claims()), crit=["x"]), "leave crit out"),
    ],
)
def test_what_to_do_about_what_is_no_token_of_an_issuer(token: str, advice: str) -> None:
    assert advice in examined(token).advice[0]


def test_a_user_who_is_none_is_found_though_the_token_is_good() -> None:
    """The scopes of a service account may be enough for a device, which it would then be."""
    token = signed(dict(claims(sub="mail-client", scope=f"{DEVICE} {OWN}")))

    diagnosis = examined(token)

    assert diagnosis.error is None
    assert 'app_only = "sub_is_client_id"' in diagnosis.advice[0]


def test_a_client_of_another_issuer() -> None:
    other = {"issuer": "https://other.test/", "name": "other", "audience": "unisono", "secret": SECRET}
    tables: dict[str, Any] = {
        "apps": [
            {"app_id": "mail.test", "client_ids": ["mail-client"], "issuers": "id"},
            {"app_id": "chat.test", "client_ids": ["chat-client"], "issuers": "other"},
        ],
        "issuers": [{"issuer": ISS, "name": "id", "audience": "unisono", "secret": SECRET}, other],
    }
    at = Settings(**tables)
    token = signed(dict(claims(azp="chat-client")))

    diagnosis = asyncio.run(diagnose(token, trust(at, CLOCK), at))

    assert 'issuers = ["other", "id"] there' in diagnosis.advice[0]


@pytest.mark.parametrize(
    "shape", [shape for shape in shapes() if "preset =" in shape.toml], ids=lambda shape: shape.name
)
def test_the_preset_of_each_provider(shape: Shape, tmp_path: Path) -> None:
    """Its tokens without it: where they are not taken for what they are, the preset is named."""
    declared = shape.settings(tmp_path)
    (issuer,) = declared.issuers
    tables = tomllib.loads(shape.toml)
    preset = tables["issuers"][0].pop("preset")
    plain = {"audience": "unisono", **tables["issuers"][0], "jwks_file": issuer.jwks_file}
    tables["issuers"] = [{**plain, "user_claims": issuer.user_claims}]
    at = Settings(**tables)

    diagnosis = asyncio.run(diagnose(shape.sign(shape.publisher), trust(at, FakeClock()), at))

    is_publisher = diagnosis.principal is not None and not diagnosis.principal.user_id
    named = any(
        f'preset = "{preset}"' in line or f'(preset = "{preset}"' in line for line in diagnosis.advice
    )
    assert is_publisher or named, diagnosis.advice
    assert not (is_publisher and diagnosis.advice)
