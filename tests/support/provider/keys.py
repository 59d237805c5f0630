"""The keys that a provider signs with: one in use, and those that it still publishes."""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from joserfc import jws
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

_MAKERS: Final[Mapping[str, Callable[[Any], Key]]] = {
    "RS256": lambda parameters: RSAKey.generate_key(2048, parameters),
    "ES256": lambda parameters: ECKey.generate_key("P-256", parameters),
    "EdDSA": lambda parameters: OKPKey.generate_key("Ed25519", parameters),
}


class SigningKeys:
    """Signs with the newest key, of RS256, ES256 or EdDSA, and publishes those that were not dropped.

    `extra` are further members of each published key, such as the issuer that Entra ID names there.
    """

    def __init__(self, algorithm: str = "RS256") -> None:
        self.algorithm = algorithm
        self.extra: dict[str, Any] = {}
        self._published: list[Key] = []
        self.rotate()

    @property
    def key(self) -> Key:
        """The key in use."""
        return self._published[-1]

    @property
    def key_id(self) -> str:
        """The `kid` of the key in use."""
        return str(self.key.kid)

    def rotate(self, algorithm: str = "", *, keep: bool = True) -> str:
        """Sign with a new key from now on, and return its `kid`; the old ones stay published with `keep`."""
        self.algorithm = algorithm or self.algorithm
        parameters = {"kid": secrets.token_hex(8), "use": "sig", "alg": self.algorithm}
        made = _MAKERS[self.algorithm](parameters)
        self._published = [*(self._published if keep else ()), made]
        return self.key_id

    def published(self) -> dict[str, Any]:
        """Return the JWK Set (RFC 7517) of the public keys."""
        found = KeySet(list(self._published)).as_dict(private=False)
        return {"keys": [{**key, **self.extra} for key in found["keys"]]}

    def sign(self, claims: Mapping[str, Any], header: Mapping[str, Any]) -> str:
        """Return a JWT of these claims; the header has `alg` and `kid` besides, unless it says None."""
        whole = {"alg": self.algorithm, "kid": self.key_id, **header}
        present = {name: value for name, value in whole.items() if value is not None}
        text = json.dumps(dict(claims)).encode()
        return jws.serialize_compact(present, text, self.key, algorithms=[self.algorithm])
