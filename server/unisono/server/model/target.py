"""Target policies: for which endpoints a notification is meant."""

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Self

from unisono.server.model.value import value


@value(frozen=True, slots=True)
class Audience:
    """The one endpoint that a target policy is tested against."""

    endpoint_id: str
    platform: int


@value(frozen=True, slots=True, kw_only=True)
class TargetPolicy:
    """The endpoints that a notification is meant for, by platform or by id; empty means every endpoint.

    Both tuples are sorted and without repetition, so that equal policies are equal values.
    """

    platforms: tuple[int, ...] = ()
    endpoint_ids: tuple[str, ...] = ()

    @classmethod
    def of(cls, platforms: Iterable[int], endpoint_ids: Iterable[str]) -> Self:
        """Return the policy of these platforms and ids, in its one canonical form."""
        return cls(
            platforms=tuple(sorted(set(platforms))),
            endpoint_ids=tuple(sorted(set(endpoint_ids), key=lambda e: e.encode())),
        )

    @property
    def key(self) -> str:
        """The text by which stores save, compare and count policies: empty, or JSON `[platforms, ids]`."""
        return target_key(self)

    def includes(self, audience: Audience) -> bool:
        """Return whether a notification with this policy is meant for the endpoint."""
        if not self.platforms and not self.endpoint_ids:
            return True
        return audience.platform in self.platforms or audience.endpoint_id in self.endpoint_ids


EVERY_ENDPOINT = TargetPolicy()


#: How many policies are cached: many short ones, and few long ones. A key can have 25 KB.
_SHORT: Final = 512
_LONG: Final = 16

#: A short key has at most so many characters, a short policy names at most so many endpoints.
_SHORT_KEY: Final = 1024
_FEW_ENDPOINTS: Final = 4


def target_key(target: TargetPolicy) -> str:
    """Return the key of a policy; see `TargetPolicy.key`."""
    if not target.platforms and not target.endpoint_ids:
        return ""
    few = len(target.endpoint_ids) <= _FEW_ENDPOINTS
    return _key_of_few(target) if few else _key_of_many(target)


def target_of_key(key: str) -> TargetPolicy:
    """Return the policy that has this key, which must be one that `target_key` returned."""
    return _of_short(key) if len(key) <= _SHORT_KEY else _of_long(key)


def is_meant_for(key: str, audience: Audience) -> bool:
    """Return whether a notification whose policy has this key is meant for the endpoint.

    A feed can have hundreds of long policies, so only those that may name the endpoint are decoded.
    """
    if not key:
        return True
    platforms = key[2 : key.index("]")].split(",")
    if str(int(audience.platform)) in platforms:
        return True
    # An id that is made of the separators is found between two ids, too: so the decoded ids decide.
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
