"""The attacks of RFC 8725 (JWT) and RFC 9700 (OAuth) on who verifies a token.

Each is refused, and each comes through where its defence is taken away: so none is refused by chance.
"""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.access.attacked import APPS, PARTNER, PARTNER_SECRET, TENANTS, World
from tests.access.signing import (
    ISSUER,
    compact,
    ec_key,
    encoded,
    hs256,
    jwk,
    public_pem,
    rs256,
    rsa_key,
    signed,
)
from unisono.server.core.access import checks, jws, token_type, verifier
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.examination import Examination
from unisono.server.core.access.issuers import Issuer, Issuers
from unisono.server.core.access.principal import Principal
from unisono.server.errors import PermissionDenied, Unauthenticated
from unisono.server.keys.base import IMPLEMENTATIONS, Algorithm, FixedKeys, Key
from unisono.server.model.client_certificate import ClientCertificate

Remove = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, kw_only=True)
class Attack:
    """A forged or stolen token, the words of its refusal, and how the defence against it is taken away.

    `certificate` is what the attacker shows, which is of an authority that is trusted.
    """

    token: Callable[[World], str]
    words: str
    without: Remove
    certificate: ClientCertificate | None = None


def patched(owner: object, name: str, value: object) -> Remove:
    return lambda patch: patch.setattr(owner, name, value)


def any_algorithm(verifies: Callable[[Key, bytes, bytes], bool]) -> Remove:
    """A service that lets the token choose how it is verified (RFC 8725, section 3.1)."""

    def remove(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(Key, "fits", lambda *_: True)
        patch.setattr(Key, "verifies", verifies)

    return remove


def by_hmac_of_the_pem(_: Key, message: bytes, signature: bytes) -> bool:
    return hmac.digest(public_pem(rsa_key()), message, "sha256") == signature


def by_the_empty_file(_: Key, message: bytes, signature: bytes) -> bool:
    return hmac.digest(Path("/dev/null").read_bytes(), message, "sha256") == signature


def by_the_key_in_the_header(_: Key, message: bytes, signature: bytes) -> bool:
    return bool(IMPLEMENTATIONS[Algorithm.ES256].verify(message, ec_key().public_key(), signature))


def brought_along(w: World, **headers: Any) -> str:
    """A token with a key of the attacker in its header, or where to find it."""
    return signed(w.public(), ec_key(), "ES256", kid="one", **headers)


def loose_issuer(issuers: Issuers, claims: Any) -> Issuer:
    """A service that does not look at who has issued a token, only at keys."""
    return ISSUER if claims["iss"] != TENANTS.issuer else TENANTS


def any_client(apps: Apps, issuer: str, client_id: str) -> App | None:
    """A service for which a client is its id alone."""
    return next((app for app in APPS if client_id in app.clients), None)


def timeless(patch: pytest.MonkeyPatch) -> None:
    """A service that does not look at times."""

    def run(seen: Examination) -> None:
        seen.expire_time = 2**53 - 1

    patch.setattr(
        verifier,
        "BEFORE_SIGNATURE",
        [check._replace(run=run) if check.name == "time" else check for check in checks.BEFORE_SIGNATURE],
    )


def formless(patch: pytest.MonkeyPatch) -> None:
    """A service that reads whatever comes."""
    for module in (checks, verifier):
        patch.setattr(module, "check_form", nothing)


def nothing(*_: Any, **__: Any) -> None:
    """No check."""


def tenant(w: World, tid: str, iss: str) -> str:
    return signed(w.claims(iss=iss, tid=tid), rsa_key(), "RS256", kid="of-t1")


PAIRS = '{"iss":"https://id.test/","aud":"unisono","azp":"mail-client","exp":4102444800,"scope":"notifications.readwrite"'

OF_ADA = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
OF_EVE = ClientCertificate(thumbprint=OF_ADA[::-1], dns_names=("mail.test",), expire_time=2**53)

ATTACKS = {
    "alg none": Attack(
        token=lambda w: f"{encoded({'alg': 'none'})}.{encoded(w.claims())}.",
        words="algorithm",
        without=any_algorithm(lambda _, __, signature: signature == b""),
    ),
    "HS256 with the public key as secret": Attack(
        token=lambda w: hs256(w.public(), public_pem(rsa_key())),
        words="algorithm",
        without=any_algorithm(by_hmac_of_the_pem),
    ),
    "kid that is a path": Attack(
        token=lambda w: compact({"alg": "HS256", "kid": "../../dev/null"}, w.public(), b""),
        words="key id",
        without=any_algorithm(by_the_empty_file),
    ),
    "kid that is a statement": Attack(
        token=lambda w: compact({"alg": "HS256", "kid": "x' UNION SELECT ''--"}, w.public(), b""),
        words="key id",
        without=any_algorithm(by_the_empty_file),
    ),
    "embedded jwk": Attack(
        token=lambda w: brought_along(w, jwk=jwk(ec_key())),
        words="algorithm",
        without=any_algorithm(by_the_key_in_the_header),
    ),
    "jku elsewhere": Attack(
        token=lambda w: brought_along(w, jku="https://eve.test/jwks"),
        words="algorithm",
        without=any_algorithm(by_the_key_in_the_header),
    ),
    "x5u elsewhere": Attack(
        token=lambda w: brought_along(w, x5u="https://eve.test/cert"),
        words="algorithm",
        without=any_algorithm(by_the_key_in_the_header),
    ),
    "critical extension": Attack(
        token=lambda w: compact({"alg": "HS256", "crit": ["exp"], "exp": 1}, w.claims()),
        words="crit",
        without=patched(checks, "check_header", nothing),
    ),
    "wrong issuer": Attack(
        token=lambda w: w.token(iss="https://eve.test/"),
        words="not trusted",
        without=patched(Issuers, "find", loose_issuer),
    ),
    "wrong audience": Attack(
        token=lambda w: w.token(aud="another-api"),
        words="another audience",
        without=patched(checks, "texts_of", lambda *_: frozenset(("unisono",))),
    ),
    "wrong type": Attack(
        token=lambda w: compact({"alg": "HS256", "typ": "logout+jwt"}, w.claims()),
        words="typ",
        without=patched(checks, "check_header", nothing),
    ),
    "ID token as access token": Attack(
        token=lambda w: w.token(at_hash="HK6E_P6Dh8Y93mRNtsDB1Q"),
        words="ID token",
        without=patched(token_type, "_something_else", lambda _: ""),
    ),
    "logout token as access token": Attack(
        token=lambda w: w.token(events={"http://schemas.openid.net/event/backchannel-logout": {}}),
        words="logout token",
        without=patched(token_type, "_something_else", lambda _: ""),
    ),
    "refresh token as access token": Attack(
        token=lambda w: w.token(typ="Refresh"),
        words="refresh token",
        without=patched(token_type, "_something_else", lambda _: ""),
    ),
    "stolen token that is bound to a key": Attack(
        token=lambda w: w.token(cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}),
        words="bound to a key",
        without=patched(checks, "bound_to", lambda *_, **__: ""),
    ),
    "stolen token that is bound to a certificate": Attack(
        token=lambda w: w.token(cnf={"x5t#S256": OF_ADA}),
        words="none was shown",
        without=patched(verifier, "check_proof", nothing),
    ),
    "stolen token that is bound to a certificate, with another": Attack(
        token=lambda w: w.token(cnf={"x5t#S256": OF_ADA}),
        certificate=OF_EVE,
        words="another client certificate",
        without=patched(verifier, "check_proof", nothing),
    ),
    "token that is bound to a certificate and to a key": Attack(
        token=lambda w: w.token(cnf={"x5t#S256": OF_EVE.thumbprint, "jkt": OF_ADA}),
        certificate=OF_EVE,
        words="bound to a key",
        without=patched(checks, "bound_to", lambda claims, **_: claims["cnf"]["x5t#S256"]),
    ),
    "another tenant with the same subject": Attack(
        token=lambda w: tenant(w, "t1", "https://tenants.test/t2/"),
        words="not trusted",
        without=patched(Issuers, "find", lambda *_: replace(TENANTS, keys=FixedKeys(rs256()))),
    ),
    "key of another tenant": Attack(
        token=lambda w: tenant(w, "t2", "https://tenants.test/t2/"),
        words="no key",
        without=patched(
            Issuer, "key_fits", lambda _, key, header, __: key.fits(header["alg"], header["kid"])
        ),
    ),
    "client of another issuer": Attack(
        token=lambda w: hs256(w.claims(iss=PARTNER.issuer), PARTNER_SECRET.encode()),
        words="no app",
        without=patched(Apps, "of_client", any_client),
    ),
    "expired": Attack(
        token=lambda w: w.token(exp=w.now),
        words="expired",
        without=timeless,
    ),
    "not yet valid": Attack(
        token=lambda w: w.token(nbf=w.now + 11),
        words="not valid yet",
        without=timeless,
    ),
    "issued in the future": Attack(
        token=lambda w: w.token(iat=w.now + 11),
        words="not valid yet",
        without=timeless,
    ),
    "for ever": Attack(
        token=lambda w: w.token(exp=None),
        words="lacks the claim exp",
        without=timeless,
    ),
    "oversized": Attack(
        token=lambda w: w.token(filler="x" * 16_384),
        words="at most 16384",
        without=formless,
    ),
    "claim that comes twice": Attack(
        token=lambda w: hs256_text(f'{PAIRS},"sub":"eve","sub":"ada"}}'),
        words="no JWT",
        without=patched(jws, "_DECODER", json.JSONDecoder()),
    ),
    "header that comes twice": Attack(
        token=lambda w: compact(b'{"alg":"none","alg":"HS256"}', w.claims()),
        words="no JWT",
        without=patched(jws, "_DECODER", json.JSONDecoder()),
    ),
    "clients that contradict each other": Attack(
        token=lambda w: w.token(azp="mail-client", client_id="partner-client"),
        words="different clients",
        without=patched(checks, "client_id_of", lambda claims, _: claims["azp"]),
    ),
}
every_attack = pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)


def hs256_text(claims: str) -> str:
    """A token whose claims are this text."""
    return compact({"alg": "HS256"}, claims.encode())


@every_attack
def test_an_attack_is_refused(attack: Attack) -> None:
    w = World()
    with pytest.raises((Unauthenticated, PermissionDenied)) as caught:
        w.verifier.verify(attack.token(w), certificate=attack.certificate)
    assert attack.words in caught.value.message


@every_attack
def test_an_attack_comes_through_without_its_defence(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    w = World()
    attack.without(monkeypatch)
    principal = w.verifier.verify(attack.token(w), certificate=attack.certificate)
    assert isinstance(principal, Principal)
    assert (principal.app_id, principal.user_id.rpartition(":")[2]) == ("mail.test", "ada")
