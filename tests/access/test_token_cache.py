"""A verified token is remembered until it expires, in bounded memory; a refused one is not."""

import pytest
from jwt.algorithms import HMACAlgorithm

from tests.access.signing import SECRET, IssuerFixture
from unisono.server.core.access.principal import Principal
from unisono.server.core.access.token_cache import TokenCache
from unisono.server.errors import Unauthenticated
from unisono.server.keys.base import FixedKeys
from unisono.server.keys.formats import key_of_secret

KEY = key_of_secret(SECRET)
KEYS = FixedKeys(KEY)
PRINCIPAL = Principal(app_id="mail.test", scopes=frozenset(), expire_time=1000)


class Signatures:
    """Counts the checks of signatures."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.checked = 0
        real = HMACAlgorithm.verify

        def verify(algorithm: HMACAlgorithm, message: bytes, key: bytes, signature: bytes) -> bool:
            self.checked += 1
            return real(algorithm, message, key, signature)

        monkeypatch.setattr(HMACAlgorithm, "verify", verify)


def test_signature_is_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    signatures, w = Signatures(monkeypatch), IssuerFixture()
    token = w.token()
    first = w.verifier.verify(token)
    assert w.verifier.verify(token) is first
    assert signatures.checked == 1


def test_refused_token_is_looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    signatures, w = Signatures(monkeypatch), IssuerFixture()
    token = w.token(nbf=w.now + 20)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            w.verifier.verify(token)
    w.clock.advance(20)
    w.verifier.verify(token)
    assert signatures.checked == 1


def test_the_one_not_used_for_longest_goes_first() -> None:
    remembered = TokenCache(2)
    remembered.add("a", PRINCIPAL, KEY, KEYS)
    remembered.add("b", PRINCIPAL, KEY, KEYS)
    assert remembered.get("a", now=0)
    remembered.add("c", PRINCIPAL, KEY, KEYS)
    assert [bool(remembered.get(token, now=0)) for token in "abc"] == [True, False, True]
    assert len(remembered) == 2


def test_an_expired_one_is_forgotten() -> None:
    remembered = TokenCache(2)
    remembered.add("a", PRINCIPAL, KEY, KEYS)
    assert remembered.get("a", now=999) is PRINCIPAL
    assert remembered.get("a", now=1000) is None
    assert len(remembered) == 0


def test_tokens_themselves_are_not_kept() -> None:
    remembered = TokenCache(1)
    remembered.add("a token", PRINCIPAL, KEY, KEYS)
    assert "a token" not in repr(vars(remembered))
