"""A token that is bound to a certificate is good with that one alone, each time that it comes (RFC 8705)."""

from dataclasses import replace
from typing import Any

import pytest

from tests.access.signing import APPS, ISSUER, IssuerFixture, rs256, rsa_key, signed
from tests.access.test_hostile_tokens import Effort
from tests.access.test_token_cache import Signatures
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import Reason, TokenUndecodable, Unauthenticated
from unisono.server.keys.base import FixedKeys
from unisono.server.model.client_certificate import ClientCertificate

THUMBPRINT = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
LATE = 2**53
OWN = ClientCertificate(thumbprint=THUMBPRINT, expire_time=LATE)
OTHER = ClientCertificate(thumbprint=THUMBPRINT[:-1] + "g", dns_names=("mail.test",), expire_time=LATE)


class Bound(IssuerFixture):
    """A verifier of a server that asks for certificates."""

    def __post_init__(self) -> None:
        self.verifier = TokenVerifier([self.issuer], APPS, self.clock, client_certificates=True)

    def bound(self, thumbprint: str = THUMBPRINT) -> str:
        return self.token(cnf={"x5t#S256": thumbprint})

    def refusal(self, token: str, certificate: ClientCertificate | None) -> str:
        with pytest.raises(Unauthenticated) as caught:
            self.verifier.verify(token, "", certificate)
        assert caught.value.reason is Reason.TOKEN_INVALID
        assert not isinstance(caught.value, TokenUndecodable)
        return caught.value.message


def test_it_is_good_with_its_certificate() -> None:
    w = Bound()
    principal = w.verifier.verify(w.bound(), "", OWN)
    assert (principal.user_id, principal.bound_to) == ("ada", THUMBPRINT)
    # Of whom the certificate is does not matter, and to what a token is bound is nobody's identity.
    assert principal == w.verifier.verify(w.token())


@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        (None, "none was shown: connect with that certificate"),
        (OTHER, "bound to another client certificate"),
        (replace(OWN, expire_time=0), "that the access token is bound to (cnf) has expired"),
    ],
)
def test_it_is_refused_with_any_other(certificate: ClientCertificate | None, why: str) -> None:
    w = Bound()
    token = w.bound()
    assert why in w.refusal(token, certificate)
    # Nor where it was good before, on another connection
    w.verifier.verify(token, "", OWN)
    assert why in w.refusal(token, certificate)
    w.verifier.verify(token, "", OWN)


def test_it_is_good_until_its_certificate_is_not() -> None:
    w = Bound()
    certificate, token = replace(OWN, expire_time=w.clock.now() + 1000), w.bound()
    w.verifier.verify(token, "", certificate)
    w.clock.advance(1)
    assert "has expired" in w.refusal(token, certificate)


def test_it_is_remembered_as_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    signatures, w = Signatures(monkeypatch), Bound()
    token = w.bound()
    for _ in range(2):
        w.verifier.verify(token, "", OWN)
    assert signatures.checked == 1


def test_without_its_certificate_it_costs_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    effort = Effort(monkeypatch)
    w = Bound(issuer=replace(ISSUER, keys=FixedKeys(rs256("one"))))
    token = signed(w.claims(cnf={"x5t#S256": THUMBPRINT}), rsa_key(), "RS256", kid="one")
    for certificate in (None, OTHER):
        w.refusal(token, certificate)
    assert effort.signatures == 0


def test_any_other_token_comes_with_whatever_certificate() -> None:
    w = Bound()
    for certificate in (None, OWN, OTHER):
        assert w.verifier.verify(w.token(), "", certificate).bound_to == ""


@pytest.mark.parametrize(
    "confirmation",
    [
        {"jkt": THUMBPRINT},
        {"x5t#S256": THUMBPRINT, "jkt": THUMBPRINT},
        {"x5t#S256": THUMBPRINT, "kid": "x"},
        {"X5T#S256": THUMBPRINT},
        {"x5t": THUMBPRINT},
        {"x5t#S256": ""},
        {"x5t#S256": f"{THUMBPRINT}="},
        {"x5t#S256": f"{THUMBPRINT}\n"},
        {"x5t#S256": THUMBPRINT[:-1]},
        {"x5t#S256": THUMBPRINT[:-1] + "é"},
        {"x5t#S256": [THUMBPRINT]},
        {"x5t#S256": None},
        *({}, [], "", 0, False, THUMBPRINT, ["x5t#S256"]),
    ],
)
def test_what_else_it_may_be_bound_to_is_refused(confirmation: Any) -> None:
    w = Bound()
    assert "cannot check that confirmation" in w.refusal(w.token(cnf=confirmation), OWN)


def test_where_clients_are_asked_for_none_it_is_refused() -> None:
    w = IssuerFixture()
    with pytest.raises(Unauthenticated, match="cannot check that confirmation"):
        w.verifier.verify(w.token(cnf={"x5t#S256": THUMBPRINT}), "", OWN)
