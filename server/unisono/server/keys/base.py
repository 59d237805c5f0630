"""What a key is, and the interface of whatever has the keys of an issuer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import get_default_algorithms

PublicKey: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey


class Algorithm(StrEnum):
    """The signature algorithms that are accepted (RFC 7518, section 3.1, and RFC 8037).

    A key without an algorithm of its own has the first that fits it.
    """

    HS256 = "HS256"
    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    EDDSA = "EdDSA"


IMPLEMENTATIONS: Final = get_default_algorithms()
"""The implementations of signatures, by the name of the algorithm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that verifies signatures of one algorithm, whatever the header of a token asks for.

    Without a `kid` it fits tokens with any. Where `issuer` is not empty, only tokens with that `iss` may be
    signed with it; it may have a placeholder, see `core.access.issuers`.
    """

    algorithm: Algorithm
    material: bytes | PublicKey = field(repr=False)
    kid: str | None = None
    issuer: str = ""

    def fits(self, algorithm: object, kid: object) -> bool:
        """Return whether a token with these header fields may have been signed with this key."""
        return algorithm == self.algorithm and (kid is None or self.kid in (None, kid))

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Return whether the signature of the message belongs to this key."""
        return bool(IMPLEMENTATIONS[self.algorithm].verify(message, self.material, signature))


class UnusableKeys(Exception):
    """Raised for keys that cannot be read, or must not be trusted. The message is for the operator."""


class FetchError(Exception):
    """Raised where keys cannot be fetched. The message is for the operator."""


class KeysUnavailable(Exception):
    """The keys are not there yet, or too old; `retry_delay` is after how many seconds they may be."""

    def __init__(self, retry_delay: float) -> None:
        super().__init__("the keys of the issuer are not there")
        self.retry_delay: Final = retry_delay


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatus:
    """How it stands with the keys of an issuer.

    `available` says whether they are there, and fresh enough to be used; `age` for how many seconds they have
    been there since they were fetched, None where they are not fetched or never were; `failures` how often
    they could not be read or fetched.
    """

    available: bool = True
    age: float | None = None
    failures: int = 0


class KeySource(Protocol):
    """The keys of one issuer. All of it is called on the event loop, and takes no time."""

    @property
    def status(self) -> KeyStatus:
        """How it stands with the keys."""

    @property
    def generation(self) -> int:
        """A number that is another one as soon as the keys are others."""

    def current(self) -> Sequence[Key]:
        """Return the keys. Raises `KeysUnavailable` where there are none yet, or none fresh enough."""

    def look_for(self, kid: str) -> None:
        """Say that a token names a key that is not there.

        Returns where it is known that there is no such key; raises `KeysUnavailable` where it may be there
        soon.
        """

    def reload(self) -> None:
        """Read the keys again, now or soon."""

    async def refresh(self) -> None:
        """Fetch the keys, and return when they are there; for who has nothing else to do.

        Raises `FetchError` and `UnusableKeys`.
        """

    async def start(self) -> None:
        """Begin to fetch keys in the background, where they have to be fetched."""

    async def close(self) -> None:
        """Stop fetching. Idempotent."""


class HeldKeys:
    """What sources have in common whose keys are here, and need not be fetched."""

    @property
    def status(self) -> KeyStatus:
        """See `KeySource.status`."""
        return KeyStatus()

    def look_for(self, kid: str) -> None:
        """There are no others."""

    async def refresh(self) -> None:
        """There is nothing to fetch."""

    async def start(self) -> None:
        """There is nothing to fetch."""

    async def close(self) -> None:
        """There is nothing to stop."""


class FixedKeys(HeldKeys):
    """Keys that never change."""

    generation: Final = 0

    def __init__(self, *keys: Key) -> None:
        self._keys: Final = keys

    def current(self) -> Sequence[Key]:
        """See `KeySource.current`."""
        return self._keys

    def reload(self) -> None:
        """There is nothing to read."""
