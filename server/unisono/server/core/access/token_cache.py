"""Verified tokens, remembered until they expire, so that a signature is checked once."""

import hashlib
from collections import OrderedDict

from unisono.server.core.access.principal import Principal


class TokenCache:
    """At most `capacity` tokens; the one not used for longest goes first. Keeps hashes, never tokens."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._principals: OrderedDict[bytes, Principal] = OrderedDict()

    def __len__(self) -> int:
        return len(self._principals)

    def get(self, token: str, now: int) -> Principal | None:
        """Whose token it is, unless it is unknown or has expired."""
        key = _key(token)
        principal = self._principals.get(key)
        if principal is None:
            return None
        if principal.expire_time <= now:
            del self._principals[key]
            return None
        self._principals.move_to_end(key)
        return principal

    def add(self, token: str, principal: Principal) -> None:
        """Remember it."""
        self._principals[_key(token)] = principal
        if len(self._principals) > self._capacity:
            self._principals.popitem(last=False)


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
