"""What the provider of these tests gives out is what providers give out: each grant, in each shape."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import jwt
import pytest

from tests.interop.oidc_provider.grants import BACKEND, PHONE, Grants, Tokens
from tests.interop.oidc_provider.process import AUDIENCE, Provider

PEOPLE: dict[str, Callable[[Grants], Tokens]] = {
    "authorization code": lambda grants: grants.authorization_code("ada"),
    "device code": lambda grants: grants.device_code("ada"),
    "refresh token": lambda grants: grants.refresh(grants.authorization_code("ada").refresh_token),
}


def is_uuid(text: str) -> bool:
    return str(UUID(text)) == text


def test_a_service_account(provider: Provider, grants: Grants) -> None:
    tokens = grants.client_credentials("notifications.send feeds.delete")
    claims = provider.claims(tokens.access_token)

    assert (tokens.token_type, tokens.refresh_token, tokens.id_token) == ("Bearer", "", "")
    assert (claims["aud"], claims["scope"]) == (AUDIENCE, "notifications.send feeds.delete")
    assert claims["client_id"] == BACKEND
    if provider.shape == "keycloak":
        assert claims["preferred_username"] == f"service-account-{BACKEND}"
        assert_keycloak(tokens.access_token, claims, BACKEND)
    else:
        assert claims["sub"] == BACKEND
        assert jwt.get_unverified_header(tokens.access_token)["typ"] == "at+jwt"


@pytest.mark.parametrize("grant", PEOPLE.values(), ids=PEOPLE.keys())
def test_a_person(provider: Provider, grants: Grants, grant: Callable[[Grants], Tokens]) -> None:
    tokens = grant(grants)
    claims = provider.claims(tokens.access_token)

    assert tokens.refresh_token
    assert tokens.id_token
    assert (claims["aud"], claims["scope"]) == (AUDIENCE, "notifications.readwrite")
    if provider.shape == "keycloak":
        assert claims["preferred_username"] == "ada"
        assert "client_id" not in claims
        assert_keycloak(tokens.access_token, claims, PHONE)
    else:
        assert (claims["sub"], claims["client_id"]) == ("ada", PHONE)


def assert_keycloak(token: str, claims: dict[str, Any], client_id: str) -> None:
    assert jwt.get_unverified_header(token)["typ"] == "JWT"
    assert is_uuid(claims["sub"])
    assert (claims["azp"], claims["typ"]) == (client_id, "Bearer")
    assert "default-roles-main" in claims["realm_access"]["roles"]


def test_a_user_is_the_same_one_each_time(provider: Provider, grants: Grants) -> None:
    ada, bob = (provider.user_id(name) for name in ("ada", "bob"))
    tokens = [grants.authorization_code(name).access_token for name in ("ada", "ada", "bob")]
    assert [provider.claims(token)["sub"] for token in tokens] == [ada, ada, bob]
    assert ada != bob


def test_a_refresh_token_is_good_once(grants: Grants) -> None:
    tokens = grants.authorization_code("ada")
    grants.refresh(tokens.refresh_token)
    with pytest.raises(AssertionError, match="invalid_grant"):
        grants.refresh(tokens.refresh_token)


def test_keys_are_rotated_on_request(own_provider: Provider) -> None:
    grants = Grants(own_provider)
    tokens = grants.authorization_code("ada")

    own_provider.rotate()
    renewed = grants.refresh(tokens.refresh_token)
    kids = [jwt.get_unverified_header(each.access_token)["kid"] for each in (tokens, renewed)]
    assert kids[0] != kids[1]
    for each in (tokens, renewed):
        assert own_provider.claims(each.access_token)["sub"] == "ada"

    own_provider.rotate(keep=False)
    with pytest.raises(KeyError):
        own_provider.claims(tokens.access_token)


def test_its_clock_is_set(own_provider: Provider) -> None:
    own_provider.set_ahead(-86_400)
    token = Grants(own_provider).client_credentials().access_token
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] < time.time() - 80_000
