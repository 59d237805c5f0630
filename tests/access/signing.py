"""An issuer with every kind of key, and tokens of it at the time of a held clock."""

import base64
import hmac
import json
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.support.clocks import FakeClock
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.signature_budget import SignatureBudget
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.keys.base import Algorithm, FixedKeys, Key
from unisono.server.keys.formats import key_of_secret

SECRET = "a secret of the tests with more than 32 bytes"
ISSUER = Issuer(issuer="https://id.test/", audiences=("unisono",), keys=FixedKeys(key_of_secret(SECRET)))
APP = App(app_id="mail.test", client_ids=("mail-client", "mail-web"), issuers=(ISSUER.name,))
APPS = Apps([APP])


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def public_pem(key: Any) -> bytes:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    """The public JWK of a private key."""
    return {**json.loads(_kind(key).to_jwk(key.public_key())), **more}


def _kind(key: object) -> Any:
    if isinstance(key, rsa.RSAPrivateKey):
        return RSAAlgorithm
    return ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else OKPAlgorithm


def jwks_file(folder: Path, *keys: object) -> Path:
    file = folder / "jwks.json"
    file.write_text(json.dumps({"keys": keys}))
    return file


def rs256(kid: str | None = None) -> Key:
    return Key(algorithm=Algorithm.RS256, material=rsa_key().public_key(), kid=kid)


@dataclass
class IssuerFixture:
    """A verifier, and what signs for it."""

    issuer: Issuer = ISSUER
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        budget = SignatureBudget(self.clock, per_connection=1_000_000, in_all=1_000_000)
        self.verifier = TokenVerifier([self.issuer], APPS, self.clock, budget=budget)

    @property
    def now(self) -> int:
        return self.clock.now() // 1000

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a good device token, with changes; None leaves a claim out."""
        good = {
            "iss": ISSUER.issuer,
            "aud": "unisono",
            "azp": "mail-client",
            "sub": "ada",
            "scope": "notifications.readwrite notifications.send",
            "exp": self.now + 60,
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def token(self, **changes: Any) -> str:
        return signed(self.claims(**changes))


def world(**changes: Any) -> IssuerFixture:
    """One whose issuer differs in this."""
    return IssuerFixture(issuer=replace(ISSUER, **changes))


def signed(claims: dict[str, Any], key: Any = SECRET, algorithm: str = "HS256", **headers: Any) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers=headers)


def encoded(value: object) -> str:
    """A value as a part of a token; bytes are written as they are, and need not be JSON."""
    return _base64url(value if isinstance(value, bytes) else json.dumps(value).encode())


def compact(header: object, claims: object, secret: bytes = SECRET.encode()) -> str:
    """A token with a good HS256 signature, whatever it says: a library would refuse to sign much of this."""
    signing_input = f"{encoded(header)}.{encoded(claims)}"
    return f"{signing_input}.{_base64url(hmac.digest(secret, signing_input.encode(), 'sha256'))}"


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def hs256(claims: object, secret: bytes = SECRET.encode()) -> str:
    return compact({"alg": "HS256"}, claims, secret)
