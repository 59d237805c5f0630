"""What a forged token costs: next to nothing before its signature, and signatures have a budget."""

from dataclasses import replace
from typing import Any

import pytest

from tests.access.signing import APPS, ISSUER, IssuerFixture, rs256, rsa_key, signed
from tests.access.test_hostile_tokens import Effort
from unisono.server.core.access.checks import KEYS_TRIED_MAX
from unisono.server.core.access.signature_budget import SignatureBudget
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import PermissionDenied, Reason, TooFrequent, Unauthenticated, UnisonoError
from unisono.server.keys.base import FixedKeys

RSA = rs256("one")


class Attacked(IssuerFixture):
    """A verifier that checks two wrong signatures a second of each connection, and three in all."""

    def __post_init__(self) -> None:
        budget = SignatureBudget(self.clock, per_connection=2, in_all=3)
        self.verifier = TokenVerifier([self.issuer], APPS, self.clock, budget=budget)

    def forge(self, connection: str) -> UnisonoError:
        with pytest.raises((Unauthenticated, TooFrequent)) as caught:
            self.verifier.verify(signed(self.claims(), "x" * 32), connection)
        return caught.value


@pytest.mark.parametrize(
    ("claims", "headers"),
    [
        ({"iss": "https://eve.test/"}, {}),
        ({"aud": "other"}, {}),
        ({"exp": 1}, {}),
        ({"nbf": 4_000_000_000}, {}),
        ({"cnf": {}}, {}),
        ({"at_hash": "x"}, {}),
        ({}, {"kid": "two"}),
        ({}, {"typ": "dpop+jwt"}),
        ({}, {"crit": ["exp"]}),
    ],
    ids=lambda one: next(iter(one), ""),
)
def test_what_is_wrong_before_the_signature_costs_no_signature(
    claims: dict[str, Any], headers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    effort = Effort(monkeypatch)
    w = IssuerFixture(issuer=replace(ISSUER, keys=FixedKeys(RSA)))
    token = signed(w.claims(**claims), rsa_key(), "RS256", **{"kid": "one", **headers})
    with pytest.raises((Unauthenticated, PermissionDenied)):
        w.verifier.verify(token)
    assert effort.signatures == 0


def test_a_connection_has_a_budget_of_wrong_signatures() -> None:
    w = Attacked()
    assert [type(w.forge("a")) for _ in range(3)] == [Unauthenticated, Unauthenticated, TooFrequent]
    refusal = w.forge("a")
    assert (refusal.reason, refusal.metadata["limit"]) == (Reason.RATE_LIMITED, "2")
    w.clock.advance(0.5)
    assert type(w.forge("a")) is Unauthenticated


def test_all_together_have_a_budget() -> None:
    w = Attacked()
    assert [type(w.forge(connection)) for connection in "abcd"] == [*[Unauthenticated] * 3, TooFrequent]
    assert w.forge("e").metadata["limit"] == "3"


def test_an_address_has_a_budget_however_many_connections_it_opens() -> None:
    # Given an address that may send two a second, and twenty at once
    w = Attacked()
    budget = SignatureBudget(
        w.clock, per_connection=5, per_address=2, in_all=1000, address_of=lambda name: name.partition(":")[0]
    )
    w.verifier = TokenVerifier([w.issuer], APPS, w.clock, budget=budget)
    assert [type(w.forge(f"a:{number}")) for number in range(20)] == [Unauthenticated] * 20
    # When it has sent these, then a new connection gains nothing, and other addresses lose nothing
    assert w.forge("a:20").metadata["limit"] == "2"
    assert type(w.forge("b:0")) is Unauthenticated
    w.clock.advance(0.5)
    assert type(w.forge("a:21")) is Unauthenticated


def test_good_tokens_take_nothing_of_the_budget_of_an_address() -> None:
    w = Attacked()
    budget = SignatureBudget(
        w.clock, per_connection=5, per_address=1, in_all=1000, address_of=lambda name: "a"
    )
    w.verifier = TokenVerifier([w.issuer], APPS, w.clock, budget=budget)
    for number in range(100):
        assert w.verifier.verify(w.token(sub=f"user-{number}"), str(number)).user_id


def test_who_has_no_address_has_no_budget_of_one() -> None:
    w = Attacked()
    budget = SignatureBudget(w.clock, per_connection=5, per_address=1, in_all=1000)
    w.verifier = TokenVerifier([w.issuer], APPS, w.clock, budget=budget)
    assert [type(w.forge(str(number))) for number in range(100)] == [Unauthenticated] * 100


def test_beyond_the_budget_no_signature_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    w, effort = Attacked(), Effort(monkeypatch)
    for _ in range(10):
        w.forge("a")
    assert effort.signatures == 2


def test_good_tokens_take_nothing_of_the_budget() -> None:
    """All devices may come back at once, through one proxy."""
    w = Attacked()
    for number in range(20):
        assert w.verifier.verify(w.token(sub=f"user-{number}"), "a").user_id
    assert [type(w.forge("a")) for _ in range(3)] == [Unauthenticated, Unauthenticated, TooFrequent]


def test_a_good_token_of_nobody_counts_as_it_is_not_remembered() -> None:
    """Whoever has one, of an issuer with many tenants, could send it again and again."""
    w = Attacked()
    stranger = w.token(azp="another-app")
    for kind in (PermissionDenied, PermissionDenied, TooFrequent):
        with pytest.raises(kind):
            w.verifier.verify(stranger, "a")


def test_what_is_remembered_is_taken_whatever_others_forge() -> None:
    w = Attacked()
    token = w.token()
    w.verifier.verify(token, "a")
    while not isinstance(w.forge("a"), TooFrequent):
        pass
    assert w.verifier.verify(token, "a").user_id == "ada"


def test_of_many_keys_a_few_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = FixedKeys(*(rs256(str(number)) for number in range(KEYS_TRIED_MAX + 5)))
    w = IssuerFixture(issuer=replace(ISSUER, keys=keys))
    effort = Effort(monkeypatch)
    with pytest.raises(Unauthenticated, match="signature"):
        w.verifier.verify(signed(w.claims(), rsa_key(3072), "RS256"))
    assert effort.signatures == KEYS_TRIED_MAX
