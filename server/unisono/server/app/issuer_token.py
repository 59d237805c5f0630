"""Signs tokens in the name of a declared issuer, by the operator who has its secret or private key."""

from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from unisono.server.app.token_shape import CannotSign, Wanted, claims_of, token_type
from unisono.server.app.trust import Trust
from unisono.server.config.secret_files import accessible_to_all_users, exposed
from unisono.server.core.access.issuers import Issuer
from unisono.server.errors import UnisonoError
from unisono.server.keys.base import Algorithm, FetchError, Key, UnusableKeys

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey


async def signed(wanted: Wanted, trusted: Trust, key_file: Path | None) -> str:
    """Return the token that is wanted, which a server takes that trusts `trusted`.

    It is signed with the private key in `key_file`, without one with the secret of the issuer. Raises
    `CannotSign` where there is no such key, or where a server would not take the token for what is wanted.
    """
    issuer = wanted.issuer
    try:
        await issuer.keys.refresh()
        public, private = _private(issuer, key_file) if key_file else _shared(issuer)
        header = {"typ": token_type(issuer), **({"kid": public.kid} if public.kid else {})}
        token = jwt.encode(claims_of(wanted), private, algorithm=public.algorithm, headers=header)
        _check(token, wanted, trusted)
    except (FetchError, UnusableKeys) as error:
        raise CannotSign(f"the keys of the issuer {issuer.name} cannot be used: {error}") from error
    finally:
        for source in trusted.key_sources:
            await source.close()
    return token


def _shared(issuer: Issuer) -> tuple[Key, bytes]:
    """Return the shared secret; of several the last, which is the newest where they are changed."""
    key = issuer.keys.current()[-1]
    if key.algorithm is not Algorithm.HS256 or not isinstance(key.material, bytes):
        raise CannotSign(f"the issuer {issuer.name} has public keys: name its private one with --key")
    return key, key.material


def _private(issuer: Issuer, file: Path) -> tuple[Key, PrivateKey]:
    """Return the key of the issuer to which the private one in this file belongs, and that."""
    private = _read(file)
    if accessible_to_all_users(file.stat().st_mode):
        raise CannotSign(exposed(file, "a private key"))
    for key in issuer.keys.current():
        if key.material == private.public_key():
            return key, private
    raise CannotSign(f"the private key in {file} belongs to no key of the issuer {issuer.name}")


def _read(file: Path) -> PrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except TypeError as error:
        raise CannotSign(f"the private key in {file} is encrypted; decrypt it before") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CannotSign(f"{file} holds no PEM private key (-----BEGIN PRIVATE KEY-----)") from error
    if not isinstance(key, PrivateKey):
        raise CannotSign(f"{file} is neither RSA nor EC nor Ed25519")
    return key


def _check(token: str, wanted: Wanted, trusted: Trust) -> None:
    try:
        principal = trusted.verifier.verify(token)
    except UnisonoError as error:
        raise CannotSign(f"a server with this configuration would refuse it: {error.message}") from error
    if (principal.app_id, principal.user_id) != (wanted.app.app_id, wanted.user_id):
        whose = f"the user {principal.user_id!r}" if principal.user_id else "the app itself"
        raise CannotSign(f"a server would take it for a token of {whose}, since {principal.told_by}")
