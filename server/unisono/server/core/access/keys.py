"""Keys that verify tokens, each bound to one algorithm, whatever the header of a token asks for."""

import json
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeAlias

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import get_default_algorithms

from unisono.server.core.access.misconfigured import AccessMisconfigured

PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

SECRET_BYTES_MIN: Final = 32
"""The shortest HS256 key: as long as the hash (RFC 7518, section 3.2)."""

RSA_BITS_MIN: Final = 2048
"""The shortest RSA key (RFC 7518, section 3.3)."""


class Algorithm(StrEnum):
    """The signature algorithms that are accepted (RFC 7518, RFC 8037)."""

    HS256 = "HS256"
    RS256 = "RS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"


_ALGORITHMS: Final = get_default_algorithms()
"""The implementations of signatures, by the name of the algorithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that verifies signatures of one algorithm. Without a `kid` it fits tokens with any."""

    algorithm: Algorithm
    material: bytes | PublicKey = field(repr=False)
    kid: str | None = None

    def fits(self, algorithm: object, kid: object) -> bool:
        """Return whether a token with these header fields may have been signed with this key."""
        return algorithm == self.algorithm and (kid is None or self.kid in (None, kid))

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Return whether the signature of the message belongs to this key."""
        return bool(_ALGORITHMS[self.algorithm].verify(message, self.material, signature))


def key_of_secret(secret: str) -> Key:
    """Return the HS256 key of a shared secret: its UTF-8 bytes.

    Raises `AccessMisconfigured` for less than 32 bytes, and for the text of a public or private key.
    """
    material = secret.encode()
    if len(material) < SECRET_BYTES_MIN:
        raise AccessMisconfigured(
            f"the secret has {len(material)} bytes; HS256 needs at least {SECRET_BYTES_MIN} random ones"
        )
    try:
        _ALGORITHMS[Algorithm.HS256].prepare_key(material)
    except jwt.InvalidKeyError as error:
        raise AccessMisconfigured(
            "the secret is the text of a public or private key; name its file with pem_file or jwks_file"
        ) from error
    return Key(algorithm=Algorithm.HS256, material=material)


def key_of_pem(file: Path) -> Key:
    """Return the key in a PEM file that holds one public key.

    Raises `AccessMisconfigured` for a file that cannot be read or holds none, and for an RSA key that is too
    short or a key of another kind than RSA, P-256 and Ed25519.
    """
    try:
        public = load_pem_public_key(_read(file).encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AccessMisconfigured(f"{file} holds no PEM public key (-----BEGIN PUBLIC KEY-----)") from error
    return _key(public, str(file))


def keys_of_jwks(file: Path) -> tuple[Key, ...]:
    """Return the signing keys of a JWKS file (RFC 7517) for accepted public-key algorithms; at least one.

    Others, such as keys for encryption and shared secrets, are ignored. Raises `AccessMisconfigured` for a
    file that cannot be read, is no JWKS or has no such key, for private keys, and for damaged or weak ones.
    """
    try:
        entries = json.loads(_read(file))["keys"]
        keys = [_key_of_jwk(entry, f"key {n} of {file}") for n, entry in enumerate(entries, start=1)]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise AccessMisconfigured(f'{file} is no JWKS file ({{"keys": [...]}})') from error
    usable = tuple(key for key in keys if key)
    if not usable:
        raise AccessMisconfigured(f"{file} holds no signing key for RS256, ES256 or EdDSA")
    return usable


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise AccessMisconfigured(f"{file} cannot be read: {reason}") from error


_KINDS: Final = {
    ("RSA", None): Algorithm.RS256,
    ("EC", "P-256"): Algorithm.ES256,
    ("OKP", "Ed25519"): Algorithm.EDDSA,
}
"""The algorithm of a JWK by its key type and curve."""


def _key_of_jwk(jwk: dict[str, Any], where: str) -> Key | None:
    algorithm = _KINDS.get((jwk["kty"], jwk.get("crv")))
    if not algorithm or jwk.get("use") == "enc" or jwk.get("alg", algorithm) != algorithm:
        return None
    if "d" in jwk:
        raise AccessMisconfigured(f"{where} is a private key; give the public one only")
    if not isinstance(jwk.get("kid", ""), str):
        raise AccessMisconfigured(f"{where} has a kid that is no text")
    try:
        public = jwt.PyJWK(jwk, algorithm).key
    except jwt.PyJWTError as error:
        raise AccessMisconfigured(f"{where} is damaged") from error
    return _key(public, where, jwk.get("kid"))


def _key(public: object, where: str, kid: str | None = None) -> Key:
    match public:
        case RSAPublicKey():
            if public.key_size < RSA_BITS_MIN:
                raise AccessMisconfigured(f"{where} has {public.key_size} bits; RS256 needs {RSA_BITS_MIN}")
            return Key(algorithm=Algorithm.RS256, material=public, kid=kid)
        case EllipticCurvePublicKey() if isinstance(public.curve, SECP256R1):
            return Key(algorithm=Algorithm.ES256, material=public, kid=kid)
        case Ed25519PublicKey():
            return Key(algorithm=Algorithm.EDDSA, material=public, kid=kid)
    raise AccessMisconfigured(f"{where} is neither RSA (RS256) nor P-256 (ES256) nor Ed25519 (EdDSA)")
