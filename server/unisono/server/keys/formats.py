"""Reads keys from their formats: shared secrets, PEM (RFC 7468) and JWK sets (RFC 7517)."""

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, SECP521R1
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey as EcKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from unisono.server.keys.base import IMPLEMENTATIONS, Algorithm, Key, PublicKey, UnusableKeys

SECRET_BYTES_MIN: Final = 32
"""The shortest HS256 key: as long as the hash (RFC 7518, section 3.2)."""

RSA_BITS_MIN: Final = 2048
"""The shortest RSA key (RFC 7518, section 3.3)."""

RSA_BITS_MAX: Final = 8192
"""The longest: what a signature costs grows with the square of the length."""

KEYS_MAX: Final = 100
"""The most keys of one issuer. Those who rotate daily publish a handful."""

PUBLIC_KEY_ALGORITHMS: Final = tuple(a for a in Algorithm if a is not Algorithm.HS256)
_RSA: Final = tuple(a for a in Algorithm if a[:2] in ("RS", "PS"))
_CURVES: Final = {SECP256R1: Algorithm.ES256, SECP384R1: Algorithm.ES384, SECP521R1: Algorithm.ES512}


def key_of_secret(secret: str) -> Key:
    """Return the HS256 key of a shared secret: its UTF-8 bytes.

    Raises `UnusableKeys` for less than 32 bytes, and for the text of a public or private key.
    """
    material = secret.encode()
    if len(material) < SECRET_BYTES_MIN:
        raise UnusableKeys(
            f"the secret has {len(material)} bytes; HS256 needs at least {SECRET_BYTES_MIN} random ones"
        )
    try:
        IMPLEMENTATIONS[Algorithm.HS256].prepare_key(material)
    except jwt.InvalidKeyError as error:
        raise UnusableKeys(
            "the secret is the text of a public or private key; name its file with pem_file or jwks_file"
        ) from error
    return Key(algorithm=Algorithm.HS256, material=material)


def keys_of_secrets(text: str, where: str) -> tuple[Key, ...]:
    """Return the keys of a text with a shared secret on each line.

    Raises `UnusableKeys` for none or more than 100, and as `key_of_secret`.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= KEYS_MAX:
        raise UnusableKeys(f"{where} must have a secret on each line, from 1 to {KEYS_MAX}")
    return tuple(map(key_of_secret, lines))


def keys_of_pem(text: str, where: str, accepted: Collection[Algorithm] = ()) -> tuple[Key]:
    """Return the one public key in a PEM text, for the first of the `accepted` algorithms that fits it.

    Raises `UnusableKeys` where there is none, for an RSA key that is too short or too long, a key of another
    kind than RSA, P-256, P-384, P-521 and Ed25519, and one for which no algorithm is accepted.
    """
    try:
        public = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKeys(f"{where} holds no PEM public key (-----BEGIN PUBLIC KEY-----)") from error
    fitting = _accepted(_algorithms(public, where), accepted)
    if not fitting:
        raise UnusableKeys(f"{where} is no key for {', '.join(accepted)}")
    return (Key(algorithm=fitting[0], material=_material(public)),)


def keys_of_jwks(text: str, where: str, accepted: Collection[Algorithm] = ()) -> tuple[Key, ...]:
    """Return the keys of a JWK set in a file, at least one.

    Raises `UnusableKeys` as `keys_of_set`, and where anything is wrong with one of the keys.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _no_set(where) from error
    keys, problems = keys_of_set(document, where, accepted)
    if problems:
        raise UnusableKeys(problems[0])
    if not keys:
        raise UnusableKeys(
            f"{where} holds no signing key for {' or '.join(accepted or PUBLIC_KEY_ALGORITHMS)}"
        )
    return keys


def keys_of_set(
    document: object, where: str, accepted: Collection[Algorithm] = ()
) -> tuple[tuple[Key, ...], Sequence[str]]:
    """Return the signing keys of a JWK set for accepted algorithms, and what is wrong with others.

    Keys for encryption, shared secrets, and keys for other algorithms are nothing wrong, only ignored.
    Private keys, and those that are damaged or weak, are. Raises `UnusableKeys` for what is no set of keys,
    and for one with more than 100.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _no_set(where)
    if len(entries) > KEYS_MAX:
        raise UnusableKeys(f"{where} has {len(entries)} keys; at most {KEYS_MAX} are allowed")
    keys: list[Key] = []
    problems: list[str] = []
    for number, entry in enumerate(entries, start=1):
        try:
            keys += _keys_of_jwk(entry, f"key {number} of {where}", accepted)
        except UnusableKeys as error:
            problems.append(str(error))
    return tuple(keys), problems


def _no_set(where: str) -> UnusableKeys:
    return UnusableKeys(f'{where} is no JWK set ({{"keys": [...]}})')


def _keys_of_jwk(jwk: dict[str, Any], where: str, accepted: Collection[Algorithm]) -> list[Key]:
    """Return the key of an entry; an empty list for one that is not for signatures that are accepted."""
    if jwk.get("kty") not in ("RSA", "EC", "OKP") or jwk.get("use", "sig") != "sig":
        return []
    if "d" in jwk:
        raise UnusableKeys(f"{where} is a private key; give the public one only")
    texts = [jwk.get(name, "") for name in ("kid", "alg", "issuer")]
    if not all(isinstance(text, str) for text in texts):
        raise UnusableKeys(f"{where} has a kid, alg or issuer that is no text")
    if jwk["kty"] != "RSA" and jwk.get("crv") not in ("P-256", "P-384", "P-521", "Ed25519"):
        return []
    try:
        public = jwt.PyJWK(jwk, _SOME[jwk["kty"], jwk.get("crv")]).key
    except jwt.PyJWTError as error:
        raise UnusableKeys(f"{where} is damaged") from error
    fitting = [a for a in _accepted(_algorithms(public, where), accepted) if jwk.get("alg", a) == a]
    return [
        Key(algorithm=a, material=public, kid=jwk.get("kid"), issuer=jwk.get("issuer", ""))
        for a in fitting[:1]
    ]


_SOME: Final = {
    ("RSA", None): Algorithm.RS256,
    ("EC", "P-256"): Algorithm.ES256,
    ("EC", "P-384"): Algorithm.ES384,
    ("EC", "P-521"): Algorithm.ES512,
    ("OKP", "Ed25519"): Algorithm.EDDSA,
}
"""An algorithm by which the library reads a JWK, by its key type and curve."""


def _accepted(fitting: Sequence[Algorithm], accepted: Collection[Algorithm]) -> list[Algorithm]:
    return [algorithm for algorithm in fitting if not accepted or algorithm in accepted]


def _algorithms(public: object, where: str) -> Sequence[Algorithm]:
    """Return the algorithms that a key can be for, the usual one first."""
    match public:
        case RSAPublicKey():
            if not RSA_BITS_MIN <= public.key_size <= RSA_BITS_MAX:
                raise UnusableKeys(
                    f"{where} has {public.key_size} bits; RSA needs from {RSA_BITS_MIN} to {RSA_BITS_MAX}"
                )
            return _RSA
        case EcKey() if type(public.curve) in _CURVES:
            return (_CURVES[type(public.curve)],)
        case Ed25519PublicKey():
            return (Algorithm.EDDSA,)
    raise UnusableKeys(f"{where} is neither RSA nor P-256, P-384, P-521 nor Ed25519")


def _material(public: object) -> PublicKey:
    assert isinstance(public, PublicKey)  # noqa: S101
    return public
