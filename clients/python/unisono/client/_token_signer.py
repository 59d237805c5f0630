"""Signs access tokens, for a backend that knows who is signed in and needs no identity provider.

PyJWT, and cryptography for private keys, are imported when they are needed: others do not wait for them.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from unisono.client._arguments import Seconds, check, check_each, seconds

USER_SCOPES: Final = ("notifications.readwrite",)
APP_SCOPES: Final = ("notifications.send",)
SECRET_BYTES_MIN: Final = 32
"""The shortest HS256 key: as long as the hash (RFC 7518, section 3.2)."""

_RSA: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


class TokenSigner:
    """Signs access tokens as an issuer that the server declares, for users of an app and for the app itself.

    A backend gives each of its devices `signer.for_user(user_id)`, through its own API, to who has signed in
    there. Its own `Publisher` takes the method itself, which is called for each new token:
    `Publisher(target, signer.for_app)`. Thread-safe. The key is in no `repr` and in no error.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        client_id: str,
        key: str | bytes,
        algorithm: str = "",
        key_id: str = "",
        lifetime: Seconds = timedelta(hours=1),
    ) -> None:
        """Declare who signs: what the server's configuration has as `issuer`, `audience` and in `client_ids`.

        `key` is the shared secret, at least 32 bytes of UTF-8, without the blanks and ends of lines around it
        that files have; or a private key in PEM, neither encrypted nor public. `algorithm` is by default that
        of the key: HS256, RS256, ES256, ES384, ES512 or EdDSA. `key_id` (`kid`) says which of several public
        keys of the issuer belongs to it. `lifetime` is that of tokens, where nothing else is said.

        Raises `TypeError` for a wrong type, `ValueError` for what cannot be used, and `ImportError` for a
        private key without cryptography: `pip install "unisono-client[crypto]"`.
        """
        for name, text in (("issuer", issuer), ("audience", audience), ("client_id", client_id)):
            _check_there(name, text)
        check("key", key, str | bytes)
        check("algorithm", algorithm, str)
        check("key_id", key_id, str)
        self._claims: Final = {"iss": issuer, "aud": audience, "azp": client_id}
        self._header: Final = {"kid": key_id} if key_id else None
        self._lifetime: Final = _lifetime(lifetime)
        self._key, self._algorithm = _loaded(key, algorithm)

    def for_user(
        self, user_id: str, *, lifetime: Seconds | None = None, scopes: Iterable[str] = USER_SCOPES
    ) -> str:
        """Return a token for a device of this user, which can read and mark what the user is sent.

        Give it only to who has signed in as this user. `user_id` is what a publisher sends to, without the
        `user_prefix` of the issuer if it has one. The token cannot be taken back, so let it live for minutes
        to hours; a device asks for the next. Raises as `__init__`, and `ValueError` for an empty user.
        """
        _check_there("user_id", user_id)
        return self._signed({"sub": user_id}, lifetime, scopes)

    def for_app(self, *, lifetime: Seconds | None = None, scopes: Iterable[str] = APP_SCOPES) -> str:
        """Return a token for the app itself, which may send to all its users: never give it to a device.

        To delete users it needs the scope `feeds.delete`, too. Raises as `__init__`.
        """
        return self._signed({}, lifetime, scopes)

    def __repr__(self) -> str:
        """Say who signs, and never with what."""
        return f"TokenSigner(issuer={self._claims['iss']!r}, algorithm={self._algorithm!r})"

    def _signed(self, claims: dict[str, str], lifetime: Seconds | None, scopes: Iterable[str]) -> str:
        import jwt

        check("scopes", scopes, Iterable[str])
        now = time.time()
        valid_for = self._lifetime if lifetime is None else _lifetime(lifetime)
        times = {"iat": int(now), "exp": int(now + valid_for)}
        scope = {"scope": " ".join(check_each("scopes", scopes, str))}
        payload = {**self._claims, **claims, **scope, **times}
        return jwt.encode(payload, self._key, algorithm=self._algorithm, headers=self._header)


def _check_there(name: str, text: object) -> None:
    check(name, text, str)
    if not text:
        raise ValueError(f"{name}: must not be empty")


def _lifetime(given: Seconds) -> float:
    lifetime = seconds("lifetime", given)
    if lifetime < 1:
        raise ValueError(f"lifetime: must be at least a second; is {given!r}")
    return lifetime


def _loaded(key: str | bytes, algorithm: str) -> tuple[Any, str]:
    """Return the key as PyJWT takes it, and its algorithm."""
    try:
        text = (key if isinstance(key, str) else key.decode()).strip()
    except UnicodeDecodeError:
        raise ValueError("key: must be text; for random bytes, their base64 or hex is the secret") from None
    if text.startswith("-----BEGIN "):
        private = _private(text)
        fitting: Sequence[str] = _algorithms(private)
        loaded: object = private
    else:
        loaded, fitting = text.encode(), ("HS256",)
        if len(text.encode()) < SECRET_BYTES_MIN:
            raise ValueError(
                f"key: a secret must have at least {SECRET_BYTES_MIN} bytes, as random as can be"
            )
    if algorithm and algorithm not in fitting:
        raise ValueError(f"algorithm: this key is for {' or '.join(fitting)}; is {algorithm!r}")
    return loaded, algorithm or fitting[0]


def _private(text: str) -> object:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as error:
        raise ImportError(
            'key: a private key needs cryptography: pip install "unisono-client[crypto]"'
        ) from error
    try:
        return load_pem_private_key(text.encode(), password=None)
    except TypeError:
        raise ValueError("key: is encrypted; decrypt it before") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("key: is no private key in PEM (-----BEGIN PRIVATE KEY-----)") from None


def _algorithms(key: object) -> Sequence[str]:
    """Return the algorithms for a private key, the usual one first. Raises `ValueError` for other kinds."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    if isinstance(key, RSAPrivateKey):
        return _RSA
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return (_CURVES[key.curve.name],)
    if isinstance(key, Ed25519PrivateKey):
        return ("EdDSA",)
    raise ValueError("key: must be RSA, P-256, P-384, P-521 or Ed25519")
