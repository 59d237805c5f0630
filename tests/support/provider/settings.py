"""How a provider behaves, which a test may change at any time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Claims = dict[str, Any]


def as_they_are(claims: Claims) -> Claims:
    """Return the claims unchanged: those of RFC 9068."""
    return claims


@dataclass(slots=True, kw_only=True)
class Settings:
    """All times are in seconds.

    audience, lifetime: of access tokens. `shape` makes other claims of theirs, `header` is of their JWTs.
    rotates: whether a refresh token is good once; one that comes again ends all of its sign-in.
    interval, device_lifetime: how often a device may ask, and how long its code is good.
    metadata: changes to the discovery document; None leaves a name out.
    """

    audience: str = "unisono"
    lifetime: int = 3600
    shape: Callable[[Claims], Claims] = as_they_are
    header: Mapping[str, Any] = field(default_factory=lambda: {"typ": "at+jwt"})
    rotates: bool = True
    interval: int = 5
    device_lifetime: int = 1800
    metadata: dict[str, Any] = field(default_factory=dict)
