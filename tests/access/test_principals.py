"""Who a good token says is calling: app, user, role, scopes, and until when."""

from typing import Any

import pytest

from tests.access.signing import IssuerFixture, compact, ec_key, ed_key, rs256, rsa_key, signed, world
from unisono.server.core.access.app_tokens import AppOnly
from unisono.server.core.access.principal import Principal, Role
from unisono.server.errors import PermissionDenied
from unisono.server.keys.base import Algorithm, FixedKeys, Key

SEND, READWRITE = "notifications.send", "notifications.readwrite"


def test_device_of_a_user() -> None:
    w = IssuerFixture()
    assert w.verifier.verify(w.token()) == Principal(
        app_id="mail.test",
        user_id="ada",
        scopes=frozenset((SEND, READWRITE)),
        expire_time=(w.now + 60) * 1000,
    )


def test_publisher() -> None:
    w = IssuerFixture()
    principal = w.verifier.verify(w.token(sub=None))
    assert (principal.role, principal.user_id) == (Role.PUBLISHER, "")


def test_role_follows_from_the_user_and_not_from_scopes() -> None:
    w = IssuerFixture()
    assert w.verifier.verify(w.token()).role is Role.DEVICE
    assert w.verifier.verify(w.token(sub=None)).role is Role.PUBLISHER


@pytest.mark.parametrize("claim", ["azp", "appid", "client_id"])
def test_claims_that_name_the_client(claim: str) -> None:
    w = IssuerFixture()
    token = w.token(**{"azp": None, claim: "mail-web"})
    assert w.verifier.verify(token).app_id == "mail.test"


@pytest.mark.parametrize(
    "scopes",
    [
        {"scope": f"openid {READWRITE}"},
        {"scp": f"{READWRITE} openid"},
        {"scp": ["openid", READWRITE]},
        {"roles": [READWRITE, "openid", 7]},
        {"scope": "openid", "roles": [READWRITE]},
    ],
)
def test_claims_that_carry_scopes(scopes: dict[str, object]) -> None:
    w = IssuerFixture()
    token = w.token(**{"scope": None, **scopes})
    assert w.verifier.verify(token).scopes == {"openid", READWRITE}


def test_user_of_several_claims() -> None:
    w = world(user_claims=("tid", "oid"), app_only=AppOnly.IDTYP)
    assert w.verifier.verify(w.token(tid="t1", oid="o1")).user_id == "t1:o1"


def test_longest_user() -> None:
    w = IssuerFixture()
    assert w.verifier.verify(w.token(sub="é" * 128)).user_id == "é" * 128


def test_app_only_by_idtyp() -> None:
    w = world(user_claims=("oid",), app_only=AppOnly.IDTYP)
    service = w.token(oid="service-principal", idtyp="app", roles=[SEND])
    assert w.verifier.verify(service).role is Role.PUBLISHER
    assert w.verifier.verify(w.token(oid="ada", idtyp="user")).user_id == "ada"
    assert w.verifier.verify(w.token(oid="ada")).user_id == "ada"


def test_app_only_by_subject() -> None:
    w = world(app_only=AppOnly.SUB_IS_CLIENT_ID)
    assert w.verifier.verify(w.token(sub="mail-client")).role is Role.PUBLISHER
    assert w.verifier.verify(w.token(sub="mail-web")).user_id == "mail-web"


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [(Algorithm.RS256, rsa_key()), (Algorithm.ES256, ec_key()), (Algorithm.EDDSA, ed_key())],
)
def test_public_key_algorithms(algorithm: Algorithm, key: Any) -> None:
    w = world(keys=FixedKeys(Key(algorithm=algorithm, material=key.public_key())))
    assert w.verifier.verify(signed(w.claims(), key, algorithm)).user_id == "ada"


def test_key_is_found_by_its_id_or_among_all() -> None:
    other = Key(algorithm=Algorithm.ES256, material=ec_key().public_key(), kid="other")
    w = world(keys=FixedKeys(other, rs256("old"), rs256("new")))
    for headers in ({"kid": "new"}, {}):
        assert w.verifier.verify(signed(w.claims(), rsa_key(), "RS256", **headers)).user_id == "ada"


def test_key_without_id_fits_any() -> None:
    w = world(keys=FixedKeys(rs256()))
    assert w.verifier.verify(signed(w.claims(), rsa_key(), "RS256", kid="2031")).user_id == "ada"


@pytest.mark.parametrize("exp", [10**300, 10**400, 1e308, 1.7976931348623157e308, 2**53])
def test_times_beyond_all_calendars_are_cut(exp: float) -> None:
    w = IssuerFixture()
    assert w.verifier.verify(w.token(exp=exp)).expire_time == 2**53 - 1


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"])
def test_types_of_access_tokens(typ: str) -> None:
    w = IssuerFixture()
    assert w.verifier.verify(compact({"alg": "HS256", "typ": typ}, w.claims())).user_id == "ada"


def test_token_without_a_type() -> None:
    w = IssuerFixture()
    assert w.verifier.verify(compact({"alg": "HS256"}, w.claims())).user_id == "ada"


def test_header_parameters_that_are_not_critical_are_passed_over() -> None:
    w = IssuerFixture()
    header = {"alg": "HS256", "b64": True, "cty": "JWT", "x5t": "x", "nonce": [7]}
    assert w.verifier.verify(compact(header, w.claims())).user_id == "ada"


def test_client_that_is_named_twice() -> None:
    w = IssuerFixture()
    token = w.token(azp="mail-web", client_id="mail-web", appid="")
    assert w.verifier.verify(token).app_id == "mail.test"


def test_further_scopes_are_asked_for_where_they_are_needed() -> None:
    w = IssuerFixture()
    principal = w.verifier.verify(w.token(scope=READWRITE))
    with pytest.raises(PermissionDenied) as caught:
        principal.require(SEND)
    assert caught.value.metadata == {"scope": SEND}
    assert "device" in caught.value.message
