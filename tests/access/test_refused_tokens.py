"""Every way in which a token can be wrong has its reason, and a message that does not repeat the token."""

import base64
import hmac
import json
from dataclasses import replace

import pytest

from tests.access.signing import (
    APPS,
    ISSUER,
    SECRET,
    World,
    ec_key,
    jwk,
    public_pem,
    rs256,
    rsa_key,
    signed,
    world,
)
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated


def refused(w: World, token: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as caught:
        w.verifier.verify(token)
    assert not token or token not in caught.value.message
    return caught.value


def invalid(w: World, token: str) -> str:
    error = refused(w, token)
    assert error.reason is Reason.TOKEN_INVALID
    return error.message


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def hs256(claims: object, secret: bytes) -> str:
    """What a library would refuse to sign."""
    signing_input = f"{encoded({'alg': 'HS256'})}.{encoded(claims)}"
    mac = hmac.digest(secret, signing_input.encode(), "sha256")
    return f"{signing_input}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def unsigned(header: object, claims: object) -> str:
    return f"{encoded(header)}.{encoded(claims)}."


def test_no_token() -> None:
    assert refused(World(), "").reason is Reason.TOKEN_MISSING


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
        unsigned({"alg": "HS256", "crit": ["exp"]}, {}),
        base64.urlsafe_b64encode(b"[" * 6000).decode().rstrip("=") + ".e30.",
        "e30." + base64.urlsafe_b64encode(b"[" * 6000).decode().rstrip("=") + ".",
    ],
)
def test_malformed(token: str) -> None:
    assert invalid(World(), token) == "the access token is no JWT"


def test_longer_than_allowed() -> None:
    w = World()
    fits = w.token(filler="").ljust(16 * 1024, "A")
    assert "signature" in invalid(w, fits)
    assert invalid(w, fits + "A") == "the access token has 16385 bytes; at most 16384 are allowed"


def test_wrong_signature() -> None:
    w = World()
    head, body, signature = w.token().split(".")
    other = signed(w.claims(), "another secret that has at least 32 bytes")
    for forged in (
        f"{head}.{body}.{signature[::-1]}",
        f"{head}.{encoded(w.claims(sub='eve'))}.{signature}",
        f"{head}.{body}.",
        other,
    ):
        assert invalid(w, forged) == "the signature of the access token is wrong"


@pytest.mark.parametrize("algorithm", ["none", "None", "", "HS512", "RS256", 7, ["HS256"], None])
def test_algorithm_that_the_key_is_not_for(algorithm: object) -> None:
    w = World()
    assert "algorithm" in invalid(w, unsigned({"alg": algorithm}, w.claims()))


def test_public_key_used_as_a_shared_secret() -> None:
    w = world(keys=(rs256(),))
    assert "algorithm" in invalid(w, hs256(w.claims(), public_pem(rsa_key())))


def test_key_that_the_token_brings_along() -> None:
    w = world(keys=(rs256(),))
    headers = {"jwk": jwk(ec_key()), "jku": "https://eve.test/keys", "x5u": "https://eve.test/cert"}
    assert "algorithm" in invalid(w, signed(w.claims(), ec_key(), "ES256", **headers))


def test_unknown_key_id() -> None:
    w = world(keys=(rs256("one"), rs256("two")))
    assert "key id" in invalid(w, signed(w.claims(), rsa_key(), "RS256", kid="three"))


@pytest.mark.parametrize("iss", ["https://id.test", "https://eve.test/", ["https://id.test/"], 7])
def test_unknown_issuer(iss: object) -> None:
    w = World()
    assert "issuer" in invalid(w, hs256(w.claims(iss=iss), SECRET.encode()))


@pytest.mark.parametrize("claim", ["iss", "aud", "exp"])
def test_missing_claim(claim: str) -> None:
    w = World()
    assert invalid(w, w.token(**{claim: None})) == f"the access token lacks the claim {claim}"


@pytest.mark.parametrize("audience", ["unison", "unisono ", ["other"]])
def test_other_audience(audience: object) -> None:
    w = World()
    assert "audience" in invalid(w, w.token(aud=audience))


def test_audience_that_is_no_text() -> None:
    w = World()
    assert invalid(w, w.token(aud=[7]))


@pytest.mark.parametrize("claim", ["sub", "jti"])
def test_claim_that_is_no_text(claim: str) -> None:
    w = World()
    assert "malformed" in invalid(w, hs256(w.claims(**{claim: 7}), SECRET.encode()))


def test_expired_to_the_millisecond() -> None:
    w = World()
    token = w.token(exp=w.now + 5.001)
    w.clock.advance(5)
    w.verifier.verify(token)
    w.clock.advance(0.001)
    assert refused(w, token).reason is Reason.TOKEN_EXPIRED


def test_expired_when_first_seen() -> None:
    w = World()
    assert refused(w, w.token(exp=w.now)).reason is Reason.TOKEN_EXPIRED


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_not_yet_valid(claim: str) -> None:
    w = World()
    w.verifier.verify(w.token(**{claim: w.now + 10}))
    assert claim in invalid(w, w.token(**{claim: w.now + 11}))


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["tomorrow", True, -1, float("inf"), float("nan"), [], {}])
def test_time_that_is_none(claim: str, value: object) -> None:
    w = World()
    assert claim in invalid(w, w.token(**{claim: value}))


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


@pytest.mark.parametrize("client", ["eve-client", "", None, 7, ["mail-client"]])
def test_client_of_no_app(client: object) -> None:
    w = World()
    with pytest.raises(PermissionDenied) as caught:
        w.verifier.verify(w.token(azp=client))
    assert caught.value.reason is Reason.APP_UNKNOWN


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
    w = World()
    with pytest.raises(PermissionDenied) as caught:
        w.verifier.verify(w.token(sub=user, scope=scope))
    assert caught.value.reason is Reason.SCOPE_MISSING
    assert caught.value.metadata == {"scope": missing}


def test_issuer_declared_twice() -> None:
    with pytest.raises(AccessMisconfigured, match="declared twice"):
        TokenVerifier([ISSUER, replace(ISSUER, audiences=("other",))], APPS, World().clock)
