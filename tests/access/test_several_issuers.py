"""Issuers belong to apps, and no two of one app can name different people alike."""

from dataclasses import replace
from typing import Any

import pytest

from tests.access.signing import ISSUER, SECRET, signed
from tests.support.clocks import FakeClock
from unisono.server.core.access.app_tokens import AppOnly
from unisono.server.core.access.apps import App, Apps
from unisono.server.core.access.issuers import Issuer
from unisono.server.core.access.misconfigured import AccessMisconfigured
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.access.sharing import with_issuers
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import PermissionDenied, Reason, Unauthenticated, UnisonoError


def issuer(name: str, **changes: Any) -> Issuer:
    return replace(ISSUER, issuer=f"https://{name}.test/", name=name, **changes)


def app(name: str = "mail", *clients: str, **changes: Any) -> App:
    return App(app_id=f"{name}.test", client_ids=clients or ("web",), **changes)


def verifier(issuers: list[Issuer], *apps: App) -> TokenVerifier:
    return TokenVerifier(issuers, Apps(with_issuers(apps, issuers)), FakeClock())


def failure(issuers: list[Issuer], *apps: App) -> str:
    with pytest.raises(AccessMisconfigured) as caught:
        verifier(issuers, *apps)
    return str(caught.value)


def token(of: str, client: str = "web", **changes: Any) -> str:
    claims = {
        "iss": f"https://{of}.test/",
        "aud": "unisono",
        "azp": client,
        "sub": "ada",
        "scope": "notifications.readwrite notifications.send",
        "exp": 4_102_444_800,
        **changes,
    }
    return signed({name: value for name, value in claims.items() if value is not None}, SECRET)


def refused(by: TokenVerifier, text: str) -> UnisonoError:
    with pytest.raises((PermissionDenied, Unauthenticated)) as caught:
        by.verify(text)
    return caught.value


def test_an_app_without_a_list_has_the_only_issuer() -> None:
    principal = verifier([issuer("one")], app()).verify(token("one"))
    assert (principal.app_id, principal.user_id, principal.issuer) == ("mail.test", "ada", "one")


def test_an_app_without_a_list_where_there_are_several() -> None:
    message = failure([issuer("one"), issuer("two")], app())
    assert "has to list its issuers" in message
    assert "one, two" in message


def test_an_issuer_that_is_not_declared() -> None:
    assert "which is not declared" in failure([issuer("one")], app(issuers=("two",)))
    assert "which is not declared" in failure([issuer("one")], app(same_users=("two",)))


def test_an_issuer_speaks_for_no_other_app() -> None:
    by = verifier(
        [issuer("one"), issuer("two")], app("mail", issuers=("one",)), app("chat", "chat", issuers=("two",))
    )
    assert by.verify(token("one")).app_id == "mail.test"
    for text in (token("two"), token("one", "chat")):
        assert refused(by, text).reason is Reason.APP_UNKNOWN


def test_a_client_is_an_issuer_and_its_id() -> None:
    by = verifier(
        [issuer("one"), issuer("two")], app("mail", issuers=("one",)), app("chat", issuers=("two",))
    )
    assert [by.verify(token(name)).app_id for name in ("one", "two")] == ["mail.test", "chat.test"]


def test_a_client_of_one_issuer_for_two_apps() -> None:
    assert "declared for two apps" in failure(
        [issuer("one"), issuer("two")],
        app("mail", issuers=("one", "two"), same_users=("one", "two")),
        app("chat", issuers=("two",)),
    )


@pytest.mark.parametrize(
    ("one", "two", "both"),
    [("", "", "'ada'"), ("", "b:", "'b:ada'"), ("a:", "a:", "'a:ada'"), ("a:", "a:b:", "'a:b:ada'")],
)
def test_two_issuers_that_could_name_different_people_alike(one: str, two: str, both: str) -> None:
    message = failure(
        [issuer("one", user_prefix=one), issuer("two", user_prefix=two)], app(issuers=("two", "one"))
    )
    assert f"could both name the user {both}" in message
    assert "the other for its user 'ada'" in message
    assert "rename-users" in message


@pytest.mark.parametrize(("one", "two"), [("a", "b:"), ("a:", "b"), ("a:x", "b:")])
def test_prefixes_of_several_issuers_end_in_a_colon(one: str, two: str) -> None:
    issuers = [issuer("one", user_prefix=one), issuer("two", user_prefix=two)]
    assert "has to end in a colon" in failure(issuers, app(issuers=("one", "two")))


def test_the_same_user_of_two_issuers_is_two_people() -> None:
    by = verifier(
        [issuer("one", user_prefix="a:"), issuer("two", user_prefix="b:")], app(issuers=("one", "two"))
    )
    assert [by.verify(token(name)).user_id for name in ("one", "two")] == ["a:ada", "b:ada"]


def test_a_user_cannot_take_the_prefix_of_another_issuer() -> None:
    by = verifier(
        [issuer("one", user_prefix="a:"), issuer("two", user_prefix="b:")], app(issuers=("one", "two"))
    )
    assert by.verify(token("one", sub="b:ada")).user_id == "a:b:ada"


def test_the_prefix_of_an_only_issuer_is_any() -> None:
    assert verifier([issuer("one", user_prefix="x")], app()).verify(token("one")).user_id == "xada"


def test_the_prefix_counts_for_the_length_of_a_user() -> None:
    by = verifier([issuer("one", user_prefix="a:")], app())
    assert len(by.verify(token("one", sub="x" * 254)).user_id) == 256
    assert "256" in refused(by, token("one", sub="x" * 255)).message


def test_issuers_of_the_same_users() -> None:
    issuers = [issuer(name) for name in ("one", "two")]
    by = verifier(issuers, app(issuers=("one", "two"), same_users=("one", "two")))
    assert {by.verify(token(name)).user_id for name in ("one", "two")} == {"ada"}


def test_issuers_of_the_same_users_beside_another() -> None:
    issuers = [
        issuer("one", user_prefix="a:"),
        issuer("two", user_prefix="a:"),
        issuer("three", user_prefix="b:"),
    ]
    mail = app(issuers=("one", "two", "three"), same_users=("one", "two"))
    by = verifier(issuers, mail)
    assert [by.verify(token(name)).user_id for name in ("one", "two", "three")] == ["a:ada", "a:ada", "b:ada"]
    assert "could both name" in failure(
        [*issuers[:2], replace(issuers[2], user_prefix="")], replace(mail, same_users=("one", "two"))
    )


def test_the_same_users_with_different_prefixes() -> None:
    issuers = [issuer("one", user_prefix="a:"), issuer("two", user_prefix="b:")]
    assert "different prefixes" in failure(issuers, app(issuers=("one", "two"), same_users=("one", "two")))


def test_the_same_users_of_an_issuer_that_is_none_of_the_app() -> None:
    issuers = [issuer("one"), issuer("two")]
    assert "not in its issuers" in failure(issuers, app(issuers=("one",), same_users=("one", "two")))


def test_an_issuer_of_backends_alone_needs_no_prefix() -> None:
    by = verifier([issuer("one"), issuer("two", user_claims=())], app(issuers=("one", "two")))
    assert by.verify(token("one")).role is Role.DEVICE
    assert by.verify(token("two")).role is Role.PUBLISHER


def test_an_issuer_that_speaks_for_no_users_has_none() -> None:
    backends = issuer("one", user_claims=(), app_only=AppOnly.SUB_IS_CLIENT_ID)
    by = verifier([backends], app())
    assert by.verify(token("one", sub="web")).role is Role.PUBLISHER
    assert "speaks for no users" in refused(by, token("one")).message


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
