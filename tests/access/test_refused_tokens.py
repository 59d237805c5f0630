"""Every way in which a token can be wrong has its reason, and a message that does not repeat the token."""

from dataclasses import replace
from typing import Any

import pytest

from tests.access.refusing import invalid, raised, stranger
from tests.access.signing import (
    APPS,
    ISSUER,
    IssuerFixture,
    compact,
    ec_key,
    encoded,
    hs256,
    jwk,
    public_pem,
    rs256,
    rsa_key,
    signed,
    world,
)
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import PermissionDenied, Reason
from unisono.server.keys.base import FixedKeys


def unsigned(header: object, claims: object) -> str:
    return f"{encoded(header)}.{encoded(claims)}."


def test_no_token() -> None:
    assert raised(IssuerFixture(), "").reason is Reason.TOKEN_MISSING


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        "..",
        "€.€.€",
        "\ud800",
        unsigned([], {}),
        unsigned({"alg": "HS256"}, []),
        unsigned({"alg": "HS256", "kid": 7}, {}),
        unsigned({"alg": 7}, {}),
        unsigned({"alg": ["HS256"]}, {}),
        unsigned({"kid": "one"}, {}),
        unsigned({"alg": "HS256", "b64": False}, {}),
        unsigned({"alg": "HS256", "kid": float("nan")}, {}),
        unsigned({"alg": "HS256"}, {"exp": float("inf")}),
        unsigned({"alg": "HS256"}, {"exp": float("nan")}),
        encoded({"alg": "HS256"}) + "." + "e+8.",
        encoded({"alg": "HS256"}) + ".e30=.",
        encoded({"alg": "HS256"}) + ".e31.",
        encoded({"alg": "HS256"}) + ".e30.e30.",
        encoded({"alg": "HS256"}) + "." + encoded(b'{"a":' + b"9" * 5000 + b"}") + ".",
        encoded({"alg": "HS256"}) + "." + encoded(b'{"iss":"\xff"}') + ".",
        encoded({"alg": "HS256"}) + "." + encoded('{"iss":""}'.encode("utf-16")) + ".",
        encoded(b"[" * 6000) + ".e30.",
        encoded({"alg": "HS256"}) + "." + encoded(b"[" * 6000) + ".",
    ],
)
def test_malformed(token: str) -> None:
    assert stranger(IssuerFixture(), token) == "the access token is no JWT"


def test_longer_than_allowed() -> None:
    w = IssuerFixture()
    fits = w.token(filler="").ljust(16 * 1024, "A")
    assert "signature" in invalid(w, fits)
    assert stranger(w, fits + "A") == "the access token has 16385 bytes; at most 16384 are allowed"


def test_wrong_signature() -> None:
    w = IssuerFixture()
    head, body, signature = w.token().split(".")
    other = signed(w.claims(), "another secret that has at least 32 bytes")
    for forged in (
        f"{head}.{body}.{signature[::-1]}",
        f"{head}.{encoded(w.claims(sub='eve'))}.{signature}",
        f"{head}.{body}.",
        other,
    ):
        assert invalid(w, forged) == "the signature of the access token is wrong"


@pytest.mark.parametrize("algorithm", ["none", "None", "", "HS512", "RS256"])
def test_algorithm_that_the_key_is_not_for(algorithm: str) -> None:
    w = IssuerFixture()
    assert "algorithm" in invalid(w, unsigned({"alg": algorithm}, w.claims()))


def test_public_key_used_as_a_shared_secret() -> None:
    w = world(keys=FixedKeys(rs256()))
    assert "algorithm" in invalid(w, hs256(w.claims(), public_pem(rsa_key())))


def test_key_that_the_token_brings_along() -> None:
    w = world(keys=FixedKeys(rs256()))
    headers = {"jwk": jwk(ec_key()), "jku": "https://eve.test/keys", "x5u": "https://eve.test/cert"}
    assert "algorithm" in invalid(w, signed(w.claims(), ec_key(), "ES256", **headers))


def test_unknown_key_id() -> None:
    w = world(keys=FixedKeys(rs256("one"), rs256("two")))
    assert "key id" in invalid(w, signed(w.claims(), rsa_key(), "RS256", kid="three"))


@pytest.mark.parametrize("iss", ["https://id.test", "https://eve.test/", ["https://id.test/"], 7])
def test_unknown_issuer(iss: object) -> None:
    w = IssuerFixture()
    assert "issuer" in stranger(w, hs256(w.claims(iss=iss)))


def test_missing_issuer() -> None:
    w = IssuerFixture()
    assert stranger(w, w.token(iss=None)) == "the access token lacks the claim iss"


@pytest.mark.parametrize("claim", ["aud", "exp"])
def test_missing_claim(claim: str) -> None:
    w = IssuerFixture()
    assert invalid(w, w.token(**{claim: None})) == f"the access token lacks the claim {claim}"


@pytest.mark.parametrize("audience", ["unison", "unisono ", ["other"]])
def test_other_audience(audience: object) -> None:
    w = IssuerFixture()
    assert "audience" in invalid(w, w.token(aud=audience))


@pytest.mark.parametrize("audience", [7, True, {"unisono": 1}, [7], ["unisono", ["unisono"]]])
def test_audience_that_is_no_text(audience: object) -> None:
    w = IssuerFixture()
    assert "aud" in invalid(w, hs256(w.claims(aud=audience)))


@pytest.mark.parametrize("claim", ["sub", "jti"])
@pytest.mark.parametrize("value", [7, None, [], {}])
def test_claim_that_is_no_text(claim: str, value: object) -> None:
    w = IssuerFixture()
    assert (
        invalid(w, hs256(w.claims() | {claim: value})) == f"the claim {claim} of the access token is no text"
    )


@pytest.mark.parametrize("user", ["a\0b", "a\nb", "\x7f", "x" * 257, "é" * 129, "\ud800", 7, [], {}])
def test_user_that_cannot_be_kept(user: object) -> None:
    w = world(user_claims=("oid",))
    assert "user" in invalid(w, w.token(oid=user))


def test_user_that_is_only_half_named() -> None:
    w = world(user_claims=("tid", "oid"))
    assert "tid, oid" in invalid(w, w.token(oid="7"))


def test_users_who_could_be_taken_for_one_another() -> None:
    w = world(user_claims=("tid", "oid"))
    assert "colon" in invalid(w, w.token(tid="a:b", oid="c"))
    assert w.verifier.verify(w.token(tid="a", oid="b:c")).user_id == "a:b:c"


@pytest.mark.parametrize("client", ["eve-client", "", None])
def test_client_of_no_app(client: str | None) -> None:
    w = IssuerFixture()
    with pytest.raises(PermissionDenied) as caught:
        w.verifier.verify(w.token(azp=client))
    assert caught.value.reason is Reason.APP_UNKNOWN


@pytest.mark.parametrize("claim", ["azp", "appid", "client_id"])
@pytest.mark.parametrize("client", [7, 0, False, ["mail-client"], {}])
def test_client_that_is_no_text(claim: str, client: object) -> None:
    w = IssuerFixture()
    assert "client id" in invalid(w, w.token(**{"azp": None, claim: client}))


@pytest.mark.parametrize(
    "claims",
    [
        {"azp": "mail-client", "client_id": "mail-web"},
        {"appid": "mail-web", "azp": "mail-client"},
        {"azp": None, "appid": "mail-client", "client_id": "eve"},
    ],
)
def test_clients_that_contradict_each_other(claims: dict[str, Any]) -> None:
    w = IssuerFixture()
    assert "different clients" in invalid(w, w.token(**claims))


@pytest.mark.parametrize(
    "confirmation",
    [
        {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
        {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"},
        {"kid": "dfd1aa97-6d8d-4575-a0fe-34b96de2bfad"},
        {},
        "what RFC 7800 does not know",
    ],
)
def test_token_that_is_worth_nothing_without_a_proof(confirmation: object) -> None:
    w = IssuerFixture()
    assert "cannot check that confirmation" in invalid(w, w.token(cnf=confirmation))


@pytest.mark.parametrize(
    "typ",
    [
        *("", "id_token", "logout+jwt", "dpop+jwt", "secevent+jwt", "application/dpop+jwt"),
        *("jwt/at", "text/jwt", "application/application/jwt", "at+jwt ", 7, None, ["JWT"]),
    ],
)
def test_token_of_another_type(typ: object) -> None:
    w = IssuerFixture()
    assert "typ" in invalid(w, compact({"alg": "HS256", "typ": typ}, w.claims()))


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], None, "exp", 7])
def test_token_that_demands_what_the_service_does_not_know(crit: object) -> None:
    w = IssuerFixture()
    header = {"alg": "HS256", "crit": crit, "exp": w.now + 60, "b64": True}
    assert "crit" in invalid(w, compact(header, w.claims()))


@pytest.mark.parametrize(
    ("user", "scope", "missing"),
    [
        ("ada", "notifications.send", "notifications.readwrite"),
        ("ada", "", "notifications.readwrite"),
        (None, "notifications.readwrite", "notifications.send"),
        (None, None, "notifications.send"),
    ],
)
def test_scope_of_neither_role(user: str | None, scope: str | None, missing: str) -> None:
    w = IssuerFixture()
    with pytest.raises(PermissionDenied) as caught:
        w.verifier.verify(w.token(sub=user, scope=scope))
    assert caught.value.reason is Reason.SCOPE_MISSING
    assert caught.value.metadata == {"scope": missing}


def test_issuer_declared_twice() -> None:
    with pytest.raises(AccessMisconfigured, match="declared twice"):
        TokenVerifier([ISSUER, replace(ISSUER, audiences=("other",))], APPS, IssuerFixture().clock)
