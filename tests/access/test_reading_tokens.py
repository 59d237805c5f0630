"""How an issuer's tokens are read: whose they are, their scopes, and what they have to be."""

from dataclasses import replace
from typing import Any

import pytest

from tests.access.several import app, issuer, refused, token, verifier
from tests.access.signing import ISSUER
from unisono.server.core.access.app_tokens import AppOnly
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.principal import Principal, Role
from unisono.server.errors import Reason


class TestWhoseToken:
    """How an app's own token is told, and what is said of one that was taken for the other."""

    def principal(self, text: str, **changes: Any) -> Principal:
        mail = app("mail", "web", publisher_client_ids=("backend",))
        return verifier([issuer("one", **changes)], mail).verify(text)

    def test_by_the_publisher_clients_of_the_app(self) -> None:
        changes = {"app_only": AppOnly.PUBLISHER_CLIENTS}
        assert self.principal(token("one", "backend"), **changes).role is Role.PUBLISHER
        assert self.principal(token("one", "web"), **changes).user_id == "ada"

    def test_a_publisher_client_is_only_a_client_for_other_issuers(self) -> None:
        assert self.principal(token("one", "backend")).user_id == "ada"

    @pytest.mark.parametrize(
        ("expected", "value", "own"),
        [
            (("service", "job"), "job", True),
            (("service",), ["human", "service"], True),
            (("service",), "human", False),
            (("service",), None, False),
            (True, "anything", True),
            (True, None, False),
            (False, None, True),
            (False, "anything", False),
        ],
    )
    def test_by_a_claim(self, expected: bool | tuple[str, ...], value: object, own: bool) -> None:
        changes = {"app_only": AppOnly.CLAIM, "app_only_claims": {"kind": expected}}
        principal = self.principal(token("one", kind=value), **changes)
        assert (principal.role is Role.PUBLISHER) is own

    def test_by_all_of_several_claims(self) -> None:
        changes = {"app_only": AppOnly.CLAIM, "app_only_claims": {"kind": ("job",), "scp": False}}
        assert self.principal(token("one", kind="job"), **changes).role is Role.PUBLISHER
        assert self.principal(token("one", kind="job", scp="x"), **changes).role is Role.DEVICE

    def test_by_a_scope_of_here(self) -> None:
        changes = {"app_only": AppOnly.SCOPE, "app_only_scope": "app", "scope_map": {"there": "app"}}
        scopes = "notifications.send notifications.readwrite"
        assert self.principal(token("one", scope=f"{scopes} there"), **changes).role is Role.PUBLISHER
        assert self.principal(token("one"), **changes).role is Role.DEVICE

    def test_by_a_subject_made_of_the_client(self) -> None:
        changes = {"app_only": AppOnly.SUB_IS_CLIENT_ID, "client_subject": "{client_id}@clients"}
        assert self.principal(token("one", sub="web@clients"), **changes).role is Role.PUBLISHER
        assert self.principal(token("one", sub="web"), **changes).role is Role.DEVICE
        assert self.principal(token("one", sub="backend@clients"), **changes).role is Role.DEVICE

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({}, "a user's, since it has the claim sub"),
            (
                {"app_only": AppOnly.PUBLISHER_CLIENTS},
                "a user's, since its client is none of the publisher_client_ids of mail.test",
            ),
            ({"app_only": AppOnly.SUB_IS_CLIENT_ID}, "a user's, since its sub is not its client id"),
            (
                {"app_only": AppOnly.CLAIM, "app_only_claims": {"gty": ("client-credentials",)}},
                "a user's, since its claim gty is not client-credentials",
            ),
            (
                {"app_only": AppOnly.CLAIM, "app_only_claims": {"kind": False}},
                "the app's own, since its claim kind is absent",
            ),
            ({"app_only": AppOnly.SCOPE, "app_only_scope": "app"}, "a user's, since it has no scope app"),
            ({"app_only": AppOnly.IDTYP}, "a user's, since its claim idtyp is not app"),
        ],
    )
    def test_a_refusal_says_why_it_was_taken_for_what(self, changes: dict[str, Any], why: str) -> None:
        mail = app("mail", "web", publisher_client_ids=("backend",))
        error = refused(verifier([issuer("one", **changes)], mail), token("one", scope="openid"))
        assert error.reason is Reason.SCOPE_MISSING
        assert f"(it was taken for {why})" in error.message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"app_only": AppOnly.NEVER, "user_claims": ()}, "speaks neither"),
        ({"app_only": AppOnly.CLAIM}, "app_only_claims"),
        ({"app_only_claims": {"x": True}}, "app_only_claims"),
        ({"app_only": AppOnly.SCOPE}, "app_only_scope"),
        ({"app_only_scope": "x"}, "app_only_scope"),
        ({"client_subject": "x"}, "client_subject"),
        ({"issuer": "https://{tenantid}/"}, "user_claims must have tid"),
        ({"audiences": (), "audience_claim": "aud"}, "has no audience"),
    ],
)
def test_an_issuer_that_contradicts_itself(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(AccessMisconfigured, match=words):
        replace(ISSUER, **changes)


def test_scopes_that_an_issuer_gives_without_naming_them() -> None:
    changes = {
        "user_scopes": frozenset(("notifications.readwrite",)),
        "app_scopes": frozenset(("feeds.delete",)),
    }
    by = verifier([issuer("one", **changes)], app())
    assert by.verify(token("one", scope=None)).scopes == {"notifications.readwrite"}
    own = by.verify(token("one", sub=None, scope="notifications.send"))
    assert own.scopes == {"notifications.send", "feeds.delete"}


def test_claims_within_claims() -> None:
    changes = {"scope_claims": ("realm.roles",), "user_claims": ("https://x.test/user",)}
    by = verifier([issuer("one", **changes)], app())
    claims: dict[str, Any] = {
        "realm": {"roles": ["notifications.readwrite"]},
        "https://x.test/user": "ada",
        "sub": "7",
    }
    assert by.verify(token("one", **claims)).user_id == "ada"
    others: tuple[Any, ...] = (None, "x", [], {"roles": {}})
    for realm in others:
        assert refused(by, token("one", **{**claims, "realm": realm})).reason is Reason.SCOPE_MISSING


@pytest.mark.parametrize("value", [None, "other", ["other"], 7, {}, {"example.com": 1}])
def test_a_claim_that_is_required(value: object) -> None:
    by = verifier([issuer("one", required_claims={"hd": ("example.com",)})], app())
    assert by.verify(token("one", hd="example.com")).user_id == "ada"
    assert "the claim hd" in refused(by, token("one", hd=value)).message


def test_the_audience_in_another_claim() -> None:
    by = verifier([issuer("one", audience_claim="api")], app())
    assert by.verify(token("one", api=["unisono"], aud="other")).user_id == "ada"
    assert "another audience (api)" in refused(by, token("one", api="other")).message
    assert "lacks the claim api" in refused(by, token("one")).message


def test_a_type_that_is_demanded() -> None:
    by = verifier([issuer("one", token_types=frozenset(("at+jwt",)))], app())
    assert "typ" in refused(by, token("one")).message
