"""For which endpoints a notification is meant. Knows nothing of notifications."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Self

from unisono.server.model.value import value


@value(frozen=True, slots=True)
class Audience:
    """One endpoint, as far as targeting is concerned."""

    endpoint_id: str
    platform: int


@value(frozen=True, slots=True, kw_only=True)
class TargetPolicy:
    """Endpoints by platform or by id; empty means every endpoint. Sorted and without repetition."""

    platforms: tuple[int, ...] = ()
    endpoint_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, platforms: Iterable[int], endpoint_ids: Iterable[str]) -> Self:
        """The policy of these platforms and ids, in its one canonical form."""
        return cls(
            platforms=tuple(sorted(set(platforms))),
            endpoint_ids=tuple(sorted(set(endpoint_ids), key=lambda e: e.encode())),
        )

    @property
    def key(self) -> str:
        """Text by which stores keep, compare and count policies: empty, or JSON [platforms, ids]."""
        return target_key(self)

    def includes(self, audience: Audience) -> bool:
        """Whether what has this policy is meant for the endpoint."""
        if not self.platforms and not self.endpoint_ids:
            return True
        return audience.platform in self.platforms or audience.endpoint_id in self.endpoint_ids


EVERY_ENDPOINT = TargetPolicy()


#: How many policies are remembered: a policy can hold 25 KB of endpoint ids.
_REMEMBERED = 512


@lru_cache(maxsize=_REMEMBERED)
def target_key(target: TargetPolicy) -> str:
    """The key of a policy; see `TargetPolicy.key`."""
    if target == EVERY_ENDPOINT:
        return ""
    return json.dumps([target.platforms, target.endpoint_ids], separators=(",", ":"))


@lru_cache(maxsize=_REMEMBERED)
def target_of_key(key: str) -> TargetPolicy:
    """The policy that has this key."""
    if not key:
        return EVERY_ENDPOINT
    platforms, endpoint_ids = json.loads(key)
    return TargetPolicy(platforms=tuple(platforms), endpoint_ids=tuple(endpoint_ids))
