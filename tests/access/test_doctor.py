"""What the doctor says about a token: what each check of the server says, and all that it still can."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.access.doctor_cases import CLOCK, DEVICE, NOW, OWN, Changes, claims, examined, settings
from tests.access.signing import signed
from tests.support.clocks import FakeClock
from tests.support.provider.provider import Provider, running
from unisono.server.app.doctor.diagnosis import Diagnosis
from unisono.server.app.trust import trust
from unisono.server.core.access.checks import CHECKS
from unisono.server.errors import UnisonoError


def outcomes(diagnosis: Diagnosis) -> dict[str, bool | None]:
    return {finding.check: finding.passed for finding in diagnosis.findings}


def failed(diagnosis: Diagnosis) -> list[str]:
    return [check for check, passed in outcomes(diagnosis).items() if passed is False]


def text(diagnosis: Diagnosis, check: str) -> str:
    return next(finding.text for finding in diagnosis.findings if finding.check == check)


def test_a_good_token_of_a_user() -> None:
    diagnosis = examined(signed(dict(claims(iat=NOW))), {"user_prefix": "id:", "user_scopes": OWN})

    assert diagnosis.principal is not None
    assert diagnosis.principal.user_id == "id:ada"
    assert list(outcomes(diagnosis)) == [check.name for check in CHECKS if check.name != "admin"]
    assert all(outcomes(diagnosis).values())
    assert diagnosis.advice == []
    assert text(diagnosis, "role") == "device: it was taken for a user's, since it has the claim sub"
    assert text(diagnosis, "user") == '"id:ada" (user_prefix "id:" + sub)'
    assert text(diagnosis, "scopes") == f"{DEVICE}, {OWN}"
    assert "for another 60 seconds" in text(diagnosis, "time")


def test_a_good_token_of_an_admin() -> None:
    diagnosis = examined(signed(dict(claims(role="operator"))), {"admin_claim": {"role": "operator"}})

    assert diagnosis.principal is not None
    assert diagnosis.principal.admin == "ada"
    assert list(outcomes(diagnosis))[-2:] == ["client", "admin"]
    assert all(outcomes(diagnosis).values())
    assert diagnosis.advice == []
    assert text(diagnosis, "admin") == "yes, since its claim role is operator"


def test_a_token_that_is_no_admins_where_there_are_some() -> None:
    diagnosis = examined(signed(dict(claims())), {"admin_claim": {"role": ["operator", "auditor"]}})

    assert diagnosis.principal is not None
    assert not diagnosis.principal.admin
    assert text(diagnosis, "admin") == 'no, that takes role = ["operator", "auditor"]'


def test_it_goes_on_after_the_first_that_fails() -> None:
    token = signed(dict(claims(aud="other", exp=NOW - 7200, azp="unknown")))[:-4] + "AAAA"

    diagnosis = examined(token)

    assert failed(diagnosis) == ["time", "audience", "signature", "app"]
    assert [check for check, passed in outcomes(diagnosis).items() if passed is None] == [
        "role",
        "user",
        "scopes",
    ]
    assert diagnosis.error is not None
    assert diagnosis.error.reason == "TOKEN_EXPIRED"


def test_its_answer_is_that_of_the_server() -> None:
    """For whatever is wrong: the first check that fails is the one at which a server refuses."""
    wrong: list[Changes] = [
        {},
        {"iss": None},
        {"iss": "https://other.test/"},
        {"exp": None},
        {"exp": NOW},
        {"nbf": NOW + 60},
        {"cnf": {"jkt": "x"}},
        {"typ": "Refresh"},
        {"aud": "other", "azp": "unknown"},
        {"azp": ["x"]},
        {"client_id": "other"},
        {"azp": None, "scope": ""},
        {"sub": "a\nb", "scope": ""},
        {"scope": OWN},
        {"sub": None},
    ]
    for changes in wrong:
        token = signed(dict(claims(**changes)))
        answered = ""
        try:
            trust(settings({}, {}), CLOCK).verifier.verify(token)
        except UnisonoError as error:
            answered = error.message
        diagnosis = examined(token)
        assert (diagnosis.error.message if diagnosis.error else "") == answered, changes


@pytest.fixture(scope="module")
def provider() -> Any:
    with running() as one:
        yield one


def published(provider: Provider, token: Callable[[], str]) -> Diagnosis:
    clock = FakeClock()
    text = token()
    return examined(text, {"issuer": provider.issuer, "secret": None}, clock=clock)


def test_keys_are_fetched(provider: Provider) -> None:
    made = published(provider, lambda: provider.sign(dict(claims(iss=provider.issuer)), typ="at+jwt"))
    assert made.error is None
    assert provider.keys.key_id in text(made, "signature")


def test_a_key_that_the_issuer_does_not_have(provider: Provider) -> None:
    token = provider.sign(dict(claims(iss=provider.issuer)))
    provider.rotate(keep=False)
    made = published(provider, lambda: token)
    assert failed(made) == ["keys"]
    assert made.error is not None
    assert made.error.reason == "TOKEN_INVALID"
    assert f"RS256 {provider.keys.key_id}" in made.advice[0]


def test_an_issuer_that_is_down(provider: Provider) -> None:
    provider.stop()
    try:
        made = published(provider, lambda: provider.sign(dict(claims(iss=provider.issuer))))
    finally:
        provider.start()
    assert made.error is not None
    assert made.error.reason == "ISSUER_UNAVAILABLE"
    assert f"{provider.issuer}/.well-known/openid-configuration" in made.error.message
    assert "needs to reach" in made.advice[0]


def test_a_token_that_is_bound_to_a_certificate() -> None:
    thumbprint = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
    token = signed(dict(claims(cnf={"x5t#S256": thumbprint})))

    diagnosis = examined(token)
    assert failed(diagnosis) == ["kind"]
    assert diagnosis.advice[0].startswith("a server with tls_client_ca asks for the certificate")

    tls = {"tls_certificate": "c.pem", "tls_key": "k.pem", "tls_client_ca": "clients.pem"}
    diagnosis = examined(token, server=tls)
    assert diagnosis.error is None
    assert text(diagnosis, "kind") == (
        f"an access token, bound to the client certificate x5t#S256:{thumbprint}"
    )
    assert list(diagnosis.advice) == [
        "it is good with that client certificate alone: a server refuses it on other connections"
    ]


@pytest.mark.parametrize("confirmation", [7, "x5t#S256", ["x5t#S256"], {"x5t#S256": {}}, {"x5t#S256": None}])
def test_a_token_that_is_bound_to_nobody_knows_what(confirmation: object) -> None:
    diagnosis = examined(signed(dict(claims(cnf=confirmation))))
    assert failed(diagnosis) == ["kind"]
    assert diagnosis.advice[-1].startswith("turn off DPoP or mutual TLS")
