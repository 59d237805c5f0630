"""Whose token is an admin's: by a claim of its issuer, or by the key beside the store, and nobody else's."""

from dataclasses import replace
from typing import Any

import jwt
import pytest

from tests.access.signing import APPS, ISSUER, IssuerFixture, world
from tests.support.clocks import FakeClock
from unisono.server.app import admin_key
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import Unauthenticated

CLAIM = {"role": ("operator", "auditor"), "azp": ("ops",)}
KEY = "a key of the tests beside a store with more than 32 bytes"
STATS = "unisono.v1.AdminService/GetStats"


def test_a_token_with_all_that_its_issuer_names() -> None:
    w = world(admin_claim=CLAIM)
    assert w.verifier.verify(w.token(sub="root", azp="ops", role=["staff", "auditor"])) == Principal(
        app_id="", admin="root", scopes=frozenset(), expire_time=(w.now + 60) * 1000
    )


def test_it_needs_no_app_and_no_scope() -> None:
    w = world(admin_claim=CLAIM)
    principal = w.verifier.verify(w.token(azp="ops", role="operator", scope=None))
    assert (principal.role, principal.app_id, principal.user_id) == (Role.ADMIN, "", "")
    assert not principal.only_method


def test_it_is_neither_a_devices_nor_a_publishers_whatever_else_it_says() -> None:
    w = world(admin_claim={"role": ("operator",)})
    assert w.verifier.verify(w.token(role="operator")).role is Role.ADMIN
    assert w.verifier.verify(w.token(role="operator", sub=None)).role is Role.ADMIN


def test_without_a_subject_it_is_the_clients() -> None:
    w = world(admin_claim=CLAIM)
    principal = w.verifier.verify(w.token(azp="ops", role="operator", sub=None))
    assert (principal.admin, principal.names["admin"]) == ("ops", "ops")


@pytest.mark.parametrize(
    "changes",
    [{}, {"role": "operator"}, {"role": "user"}, {"role": True}, {"role": ["oper", "ator"]}, {"role": {}}],
    ids=repr,
)
def test_all_of_it_has_to_be_there(changes: dict[str, Any]) -> None:
    w = world(admin_claim=CLAIM)
    assert w.verifier.verify(w.token(**changes)).role is Role.DEVICE


def test_where_the_issuer_names_none_there_are_no_admins() -> None:
    w = IssuerFixture()
    assert w.verifier.verify(w.token(role="operator")).role is Role.DEVICE


def test_the_claim_counts_for_its_issuer_alone() -> None:
    clock = FakeClock()
    other = replace(ISSUER, issuer="https://other.test", name="other", admin_claim=CLAIM)
    w = IssuerFixture()
    by = TokenVerifier([ISSUER, other], APPS, clock)
    token = w.token(azp="ops", role="operator")
    with pytest.raises(Exception, match="no app that takes tokens of this issuer"):
        by.verify(token)


class KeyFixture:
    """The key beside a store, and whom a server takes for whom by it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.verifier = TokenVerifier([admin_key.issuer_of(KEY)], APPS, self.clock)

    def token(self, key: str = KEY, **changes: Any) -> str:
        """Sign a token as the command does, with changes; None leaves a claim out."""
        good = jwt.decode(
            admin_key.token(KEY, method=STATS, now=self.clock.now()), options={"verify_signature": False}
        )
        claims = {name: value for name, value in {**good, **changes}.items() if value is not None}
        return jwt.encode(claims, key)


def test_a_token_of_the_key_is_for_one_method_and_a_minute() -> None:
    w = KeyFixture()
    principal = w.verifier.verify(admin_key.token(KEY, method=STATS, now=w.clock.now()))
    assert (principal.role, principal.only_method) == (Role.ADMIN, STATS)
    assert principal.expire_time == w.clock.now() + 60_000
    assert principal.names["admin"] == admin_key.ISSUER


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"method": None}, "lacks the claim method"),
        ({"method": ""}, "lacks the claim method"),
        ({"method": ["unisono.v1.AdminService/GetStats"]}, "lacks the claim method"),
        ({"exp": 4_000_000_000}, "60 s at most"),
        ({"aud": "unisono"}, "another audience"),
        ({"exp": None}, "lacks the claim exp"),
    ],
)
def test_another_one_of_the_key_is_refused(changes: dict[str, Any], why: str) -> None:
    w = KeyFixture()
    with pytest.raises(Unauthenticated, match=why):
        w.verifier.verify(w.token(**changes))


def test_it_ends_with_its_minute() -> None:
    w = KeyFixture()
    token = w.token()
    w.verifier.verify(token)
    w.clock.advance(60)
    with pytest.raises(Unauthenticated, match="expired"):
        w.verifier.verify(token)


def test_one_of_another_key_is_refused() -> None:
    w = KeyFixture()
    with pytest.raises(Unauthenticated, match="signature"):
        w.verifier.verify(w.token(key="another key of the tests with more than 32 bytes"))
