"""A cache of verified tokens until they expire, so that each signature is checked once."""

import hashlib
from collections import OrderedDict

from unisono.server.core.access.principal import Principal


class TokenCache:
    """The principals of at most `capacity` tokens; the one that was used least recently goes first.

    Stores hashes of tokens, never tokens.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._principals: OrderedDict[bytes, Principal] = OrderedDict()

    def __len__(self) -> int:
        return len(self._principals)

    def get(self, token: str, now: int) -> Principal | None:
        """Return whose token it is, or None if it is not cached or has expired. `now` is in milliseconds."""
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
        """Cache a verified token."""
        self._principals[_key(token)] = principal
        if len(self._principals) > self._capacity:
            self._principals.popitem(last=False)


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
