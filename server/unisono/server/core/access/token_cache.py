"""A cache of verified tokens until they expire, so that each signature is checked once."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from unisono.server.core.access.principal import Principal
from unisono.server.keys.base import Key, KeySource, KeysUnavailable


@dataclass(slots=True)
class _Entry:
    """A verified token: whose it is, the key that it was verified with, and when that was looked at last."""

    principal: Principal
    key: Key
    source: KeySource
    generation: int

    def is_trusted(self) -> bool:
        """Return whether the issuer still has the key."""
        generation = self.source.generation
        if generation != self.generation:
            try:
                if self.key not in self.source.current():
                    return False
            except KeysUnavailable:
                return False
            self.generation = generation
        return True


class TokenCache:
    """The principals of at most `capacity` tokens; the one that was used least recently goes first.

    A token is forgotten when its issuer takes back the key. Stores hashes of tokens, never tokens.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, token: str, now: int) -> Principal | None:
        """Return whose token it is, or None if it is not cached or has expired. `now` is in milliseconds."""
        key = _key(token)
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.principal.expire_time <= now or not entry.is_trusted():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry.principal

    def add(self, token: str, principal: Principal, key: Key, source: KeySource) -> None:
        """Cache a token that was verified with this key of the source."""
        self._entries[_key(token)] = _Entry(principal, key, source, source.generation)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
