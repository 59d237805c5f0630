"""Issuers belong to apps, and no two of one app can name different people alike."""

from dataclasses import replace

import pytest

from tests.access.several import app, failure, issuer, refused, token, verifier
from unisono.server.core.access.app_tokens import AppOnly
from unisono.server.core.access.principal import Role
from unisono.server.errors import Reason


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


def test_an_issuer_that_never_speaks_for_the_app() -> None:
    by = verifier([issuer("one", app_only=AppOnly.NEVER)], app())
    assert [by.verify(token("one", sub=sub)).user_id for sub in ("web", "ada")] == ["web", "ada"]
    assert "does not name its user" in refused(by, token("one", sub=None)).message


def test_an_issuer_that_speaks_for_no_users_has_none() -> None:
    backends = issuer("one", user_claims=(), app_only=AppOnly.SUB_IS_CLIENT_ID)
    by = verifier([backends], app())
    assert by.verify(token("one", sub="web")).role is Role.PUBLISHER
    assert "speaks for no users" in refused(by, token("one")).message
