"""Tokens whose time is over, has not begun, or is no time at all."""

import json

import pytest

from tests.access.refusing import invalid, raised
from tests.access.signing import IssuerFixture, hs256
from unisono.server.errors import Reason


def test_expired_to_the_millisecond() -> None:
    w = IssuerFixture()
    token = w.token(exp=w.now + 5.001)
    w.clock.advance(5)
    w.verifier.verify(token)
    w.clock.advance(0.001)
    assert raised(w, token).reason is Reason.TOKEN_EXPIRED


def test_expired_when_first_seen() -> None:
    w = IssuerFixture()
    assert raised(w, w.token(exp=w.now)).reason is Reason.TOKEN_EXPIRED


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_not_yet_valid(claim: str) -> None:
    w = IssuerFixture()
    w.verifier.verify(w.token(**{claim: w.now + 10}))
    assert claim in invalid(w, w.token(**{claim: w.now + 11}))


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["tomorrow", True, -1, -0.001, -(10**400), [], {}])
def test_time_that_is_none(claim: str, value: object) -> None:
    w = IssuerFixture()
    assert claim in invalid(w, hs256(w.claims(**{claim: value})))


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_time_beyond_all_numbers(claim: str) -> None:
    """JSON may say it; to Python it is infinite."""
    w = IssuerFixture()
    claims = json.dumps(w.claims(**{claim: "when"})).replace('"when"', "1e999")
    assert claim in invalid(w, hs256(claims.encode()))


@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize("value", [1e308, 10**400, 2**53])
def test_beginning_beyond_all_calendars(claim: str, value: float) -> None:
    w = IssuerFixture()
    assert "not valid yet" in invalid(w, hs256(w.claims(**{claim: value})))
