"""Whatever is sent as a token has an answer, and one that costs little."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.signing import SECRET, IssuerFixture, compact, encoded, rs256, rsa_key, signed, world
from unisono.server.core.access.app_tokens import AppOnly
from unisono.server.core.access.principal import Principal
from unisono.server.errors import PermissionDenied, TokenUndecodable, Unauthenticated
from unisono.server.keys.base import FixedKeys, Key

WORLDS = (
    IssuerFixture(),
    world(app_only=AppOnly.SUB_IS_CLIENT_ID),
    world(app_only=AppOnly.IDTYP, user_claims=("tid", "oid")),
)
worlds = st.sampled_from(WORLDS)

#: Numbers beyond those of floats and of the service, and half a character.
AWKWARD: tuple[Any, ...] = (
    10**400,
    -(10**400),
    2**53,
    1e308,
    -1e308,
    5e-324,
    -0.0,
    True,
    "\ud800",
    "\0",
    [[]],
    {"": {}},
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
NAMES = (
    *("aud", "azp", "appid", "client_id", "sub", "tid", "oid", "idtyp", "jti", "cnf"),
    *("exp", "nbf", "iat", "scope", "scp", "roles"),
)


def answer(w: IssuerFixture, token: str) -> Principal | Unauthenticated | PermissionDenied:
    """What the verifier makes of a token; anything else that it raises fails the test."""
    try:
        return w.verifier.verify(token)
    except (Unauthenticated, PermissionDenied) as failure:
        return failure


@pytest.mark.parametrize("name", NAMES)
def test_awkward_values_of_each_claim(name: str) -> None:
    for w in WORLDS:
        for value in AWKWARD:
            answer(w, compact({"alg": "HS256"}, w.claims() | {name: value}))


@given(w=worlds, name=st.sampled_from(NAMES), value=VALUES)
def test_any_value_of_one_claim(w: IssuerFixture, name: str, value: Any) -> None:
    answer(w, compact({"alg": "HS256"}, w.claims() | {name: value}))


@given(w=worlds, claims=st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUES)))
def test_any_claims(w: IssuerFixture, claims: dict[str, Any]) -> None:
    answer(w, compact({"alg": "HS256"}, {"iss": "https://id.test/"} | claims))


@given(value=VALUES)
def test_any_issuer_and_any_claims_at_all(value: Any) -> None:
    w = WORLDS[0]
    assert isinstance(answer(w, compact({"alg": "HS256"}, value)), TokenUndecodable)
    assert isinstance(answer(w, compact({"alg": "HS256"}, w.claims() | {"iss": value})), TokenUndecodable)


@given(header=st.fixed_dictionaries({}, optional=dict.fromkeys(("alg", "kid", "typ", "crit", "b64"), VALUES)))
def test_any_header(header: dict[str, Any]) -> None:
    w = WORLDS[0]
    answer(w, compact({"alg": "HS256"} | header, w.claims()))
    assert not isinstance(answer(w, compact(header, w.claims())), Principal)


@given(signature=st.binary(max_size=300))
@pytest.mark.parametrize("key", [rs256()], ids=["RS256"])
def test_any_signature(key: Key, signature: bytes) -> None:
    w = world(keys=FixedKeys(key))
    token = f"{encoded({'alg': 'RS256'})}.{encoded(w.claims())}.{encoded(signature)}"
    assert isinstance(answer(w, token), Unauthenticated)


@given(text=st.text() | st.text(st.sampled_from("ey.A_-=+"), max_size=40))
def test_any_text(text: str) -> None:
    assert isinstance(answer(WORLDS[0], text), Unauthenticated)


class Effort:
    """Counts checks of signatures, and segments that are decoded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.signatures = self.segments = 0
        verifies, decode = Key.verifies, base64.urlsafe_b64decode

        def counted(key: Key, message: bytes, signature: bytes) -> bool:
            self.signatures += 1
            return verifies(key, message, signature)

        def counting(segment: str) -> bytes:
            self.segments += 1
            return decode(segment)

        monkeypatch.setattr(Key, "verifies", counted)
        monkeypatch.setattr(base64, "urlsafe_b64decode", counting)


@pytest.mark.parametrize(
    "token",
    [
        "A" * 16_000,
        "A.B." * 4000,
        encoded(b"[" * 12_000) + ".e30.",
        signed({"iss": "https://eve.test/"}),
        signed({"sub": "ada"}),
    ],
    ids=["no dots", "only dots", "deep", "another issuer", "no issuer"],
)
def test_what_a_stranger_sends_costs_no_check_of_a_signature(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    w, effort = IssuerFixture(), Effort(monkeypatch)
    assert isinstance(answer(w, token), TokenUndecodable)
    assert effort.signatures == 0
    assert effort.segments <= 3


def test_each_part_of_a_token_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    w = world(keys=FixedKeys(rs256("one"), rs256("two")))
    token = signed(w.claims(), rsa_key(), "RS256", kid="two")
    effort = Effort(monkeypatch)
    assert isinstance(answer(w, token), Principal)
    assert (effort.segments, effort.signatures) == (3, 1)


def test_tokens_of_a_new_key_of_the_issuer_are_no_strangers() -> None:
    """The key was changed, and the service has the old one: its devices are not to be taken for an attack."""
    w = world(keys=FixedKeys(rs256("old")))
    for token in (
        signed(w.claims(), rsa_key(), "RS256", kid="new"),
        signed(w.claims(), rsa_key(3072), "RS256", kid="old"),
        signed(w.claims(), rsa_key(3072), "RS256"),
    ):
        assert type(answer(w, token)) is Unauthenticated
    w = IssuerFixture()
    assert type(answer(w, signed(w.claims(), SECRET[::-1]))) is Unauthenticated
    assert type(answer(w, w.token(exp=w.now))) is Unauthenticated
