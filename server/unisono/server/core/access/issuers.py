"""The trusted issuers of tokens: their keys, and how their tokens name the user."""

from dataclasses import dataclass
from enum import StrEnum

from unisono.server.core.access.keys import Algorithm, Key
from unisono.server.core.access.misconfigured import AccessMisconfigured


class AppOnly(StrEnum):
    """How an issuer marks the tokens that are an app's own and no user's.

    That is by the absence of all `user_claims`, by an `idtyp` of "app" (Entra ID), or by a `sub` that is the
    client id.
    """

    NO_USER_CLAIM = "no_user_claim"
    IDTYP = "idtyp"
    SUB_IS_CLIENT_ID = "sub_is_client_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A trusted issuer (`iss`). `audiences` are the accepted values of `aud`.

    A user is named by the values of `user_claims`, joined by ":"; for Entra ID these are `tid` and
    `oid`, with `AppOnly.IDTYP`. Raises `AccessMisconfigured` where one of issuer, audiences, keys and user
    claims is empty, and for a shared secret beside public keys.
    """

    issuer: str
    audiences: tuple[str, ...]
    keys: tuple[Key, ...]
    user_claims: tuple[str, ...] = ("sub",)
    app_only: AppOnly = AppOnly.NO_USER_CLAIM

    def __post_init__(self) -> None:
        for name in ("issuer", "audiences", "keys", "user_claims"):
            if not getattr(self, name):
                raise AccessMisconfigured(f"the issuer {self.issuer!r} has no {name}")
        shared = {key.algorithm is Algorithm.HS256 for key in self.keys}
        if len(shared) > 1:
            raise AccessMisconfigured(f"the issuer {self.issuer!r} has a shared secret and public keys")

    def keys_for(self, algorithm: object, kid: object) -> list[Key]:
        """Return the keys that may have signed a token with these header fields; empty if there are none."""
        return [key for key in self.keys if key.fits(algorithm, kid)]
