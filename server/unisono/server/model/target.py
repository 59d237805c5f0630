"""For which endpoints a notification is meant. Knows nothing of notifications."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Self

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


#: How many policies are remembered: many that are short, and few that are long. A key can be of 25 KB.
_SHORT: Final = 512
_LONG: Final = 16

#: What is short: a key of so many characters, and a policy that names so many endpoints.
_SHORT_KEY: Final = 1024
_FEW_ENDPOINTS: Final = 4


def target_key(target: TargetPolicy) -> str:
    """The key of a policy; see `TargetPolicy.key`."""
    if not target.platforms and not target.endpoint_ids:
        return ""
    few = len(target.endpoint_ids) <= _FEW_ENDPOINTS
    return _key_of_few(target) if few else _key_of_many(target)


def target_of_key(key: str) -> TargetPolicy:
    """The policy that has this key."""
    return _of_short(key) if len(key) <= _SHORT_KEY else _of_long(key)


def is_meant_for(key: str, audience: Audience) -> bool:
    """Whether what has the policy of this key is meant for the endpoint.

    A feed can have hundreds of long policies, so only those that may name the endpoint are taken apart.
    """
    if not key:
        return True
    platforms = key[2 : key.index("]")].split(",")
    if str(int(audience.platform)) in platforms:
        return True
    # Found between two ids, too, where it is made of what separates them.
    return _quoted(audience.endpoint_id) in key and audience.endpoint_id in target_of_key(key).endpoint_ids


def _key(target: TargetPolicy) -> str:
    return json.dumps([target.platforms, target.endpoint_ids], separators=(",", ":"))


def _of_key(key: str) -> TargetPolicy:
    if not key:
        return EVERY_ENDPOINT
    platforms, endpoint_ids = json.loads(key)
    return TargetPolicy(platforms=tuple(platforms), endpoint_ids=tuple(endpoint_ids))


_key_of_few, _key_of_many = lru_cache(_SHORT)(_key), lru_cache(_LONG)(_key)
_of_short, _of_long = lru_cache(_SHORT)(_of_key), lru_cache(_LONG)(_of_key)
_quoted = lru_cache(_SHORT)(json.dumps)
