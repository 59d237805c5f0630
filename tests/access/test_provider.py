"""The provider of the tests is one as others know it: PyJWT verifies its tokens, and OAuth's flows work."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE

from tests.support.provider import answers
from tests.support.provider.endpoints import (
    AUTHORIZE,
    DEVICE,
    DEVICE_AUTHORIZATION,
    DISCOVERY,
    JWKS,
    METADATA,
    REVOKE,
    TOKEN,
)
from tests.support.provider.provider import Provider, running
from tests.support.provider.records import CALLBACK

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture(scope="module")
def shared() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(shared: Provider) -> Provider:
    """A provider with a service account and a public client, that behaves well."""
    shared.register("mailer", "a secret of the mailer", scope="notifications.send")
    shared.register("cli")
    shared.mend()
    shared.asked.clear()
    return shared


def client() -> httpx.Client:
    return httpx.Client(trust_env=False)


def post(provider: Provider, path: str, **form: str) -> dict[str, Any]:
    with client() as http:
        answer: dict[str, Any] = http.post(f"{provider.issuer}{path}", data=form).json()
    return answer


def own_token(provider: Provider) -> str:
    form = {"client_id": "mailer", "client_secret": "a secret of the mailer"}
    return str(post(provider, TOKEN, grant_type="client_credentials", **form)["access_token"])


def verified(provider: Provider, token: str, audience: str = "unisono") -> dict[str, Any]:
    """What PyJWT reads in a token, with the key that the provider publishes."""
    with client() as http:
        keys = jwt.PyJWKSet.from_dict(http.get(f"{provider.issuer}{JWKS}").json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token, key, [str(key.algorithm_name)], audience=audience, issuer=provider.issuer
    )
    return claims


def shown_to_a_device(provider: Provider) -> dict[str, Any]:
    return post(provider, DEVICE_AUTHORIZATION, client_id="cli", scope="openid notifications.readwrite")


def asked_by_a_device(provider: Provider, shown: dict[str, Any]) -> dict[str, Any]:
    grant = {"grant_type": DEVICE_CODE_GRANT_TYPE, "client_id": "cli"}
    return post(provider, TOKEN, device_code=shown["device_code"], **grant)


def refreshed(provider: Provider, token: str) -> dict[str, Any]:
    return post(provider, TOKEN, grant_type="refresh_token", client_id="cli", refresh_token=token)


@pytest.mark.parametrize("well_known", [DISCOVERY, METADATA])
def test_it_says_where_everything_is(provider: Provider, well_known: str) -> None:
    with client() as http:
        found = http.get(f"{provider.issuer}{well_known}").json()
    AuthorizationServerMetadata(found).validate()
    assert found["issuer"] == provider.issuer


def test_an_issuer_with_a_path() -> None:
    with running("ES256", "/realms/test") as provider, client() as http:
        root = provider.issuer.removesuffix("/realms/test")
        by_openid = http.get(f"{provider.issuer}{DISCOVERY}").json()
        assert http.get(f"{root}{METADATA}/realms/test").json() == by_openid
        assert http.get(by_openid["jwks_uri"]).json() == provider.keys.published()


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_the_token_of_a_client_is_as_rfc_9068_says(provider: Provider, algorithm: str) -> None:
    provider.rotate(algorithm)
    token = own_token(provider)
    claims = verified(provider, token)
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    assert set(claims) == {"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"}
    assert (claims["sub"], claims["client_id"]) == ("mailer", "mailer")
    assert claims["scope"] == "notifications.send"


def test_a_client_needs_its_secret(provider: Provider) -> None:
    told = post(provider, TOKEN, grant_type="client_credentials", client_id="mailer", client_secret="wrong")
    assert told["error"] == "invalid_client"


def test_a_test_may_have_any_token(provider: Provider) -> None:
    token = provider.sign({"iss": provider.issuer, "aud": "x", "oid": "1"}, typ=None, kid=None)
    assert jwt.get_unverified_header(token) == {"alg": provider.keys.algorithm}
    provider.settings.shape = lambda claims: {"azp": claims.pop("client_id"), **claims}
    try:
        claims = verified(provider, own_token(provider))
    finally:
        provider.settings.shape = lambda claims: claims
    assert claims["azp"] == "mailer"
    assert "client_id" not in claims


def test_old_keys_stay_until_they_are_dropped(provider: Provider) -> None:
    token = own_token(provider)
    provider.rotate("ES256")
    assert verified(provider, token)["sub"] == "mailer"
    provider.rotate(keep=False)
    with pytest.raises(KeyError):
        verified(provider, token)
    assert verified(provider, own_token(provider))["sub"] == "mailer"


def test_id_tokens_and_logout_tokens(provider: Provider) -> None:
    assert verified(provider, provider.id_token("cli", "ada"), "cli")["sub"] == "ada"
    logout = provider.logout_token("cli", "ada")
    assert jwt.get_unverified_header(logout)["typ"] == "logout+jwt"
    assert verified(provider, logout, "cli")["events"]


@pytest.mark.parametrize(("verifier", "error"), [(VERIFIER, None), ("w" * 43, "invalid_grant")])
def test_a_person_signs_in_with_a_browser(provider: Provider, verifier: str, error: str | None) -> None:
    query = {
        "response_type": "code",
        "client_id": "cli",
        "scope": "openid notifications.readwrite",
        "nonce": f"once for {error}",
        "state": "s",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    with client() as http:
        page = http.get(f"{provider.issuer}{AUTHORIZE}", params=query)
        form = {"user": "ada", "decision": "allow"}
        back = http.post(f"{provider.issuer}{AUTHORIZE}", params=query, data=form).headers["Location"]
    assert 'name="user"' in page.text
    assert back.startswith(CALLBACK)
    (code,) = parse_qs(urlsplit(back).query)["code"]
    grant = {"grant_type": "authorization_code", "client_id": "cli", "code_verifier": verifier}
    told = post(provider, TOKEN, code=code, **grant)
    assert told.get("error") == error
    if not error:
        assert verified(provider, told["access_token"])["sub"] == "ada"
        assert verified(provider, told["id_token"], "cli")["nonce"] == query["nonce"]


def test_a_person_lets_a_device_in(provider: Provider) -> None:
    shown = shown_to_a_device(provider)
    assert asked_by_a_device(provider, shown)["error"] == "authorization_pending"
    assert asked_by_a_device(provider, shown)["error"] == "slow_down"
    with client() as http:
        form = {"user": "ada", "decision": "allow"}
        http.post(shown["verification_uri_complete"], data=form).raise_for_status()
    told = asked_by_a_device(provider, shown)
    assert verified(provider, told["access_token"])["sub"] == "ada"
    assert verified(provider, told["id_token"], "cli")["sub"] == "ada"


def test_a_person_may_deny_a_device_and_codes_expire(provider: Provider) -> None:
    shown = shown_to_a_device(provider)
    with client() as http:
        form = {"user": "ada", "decision": "deny", "user_code": shown["user_code"]}
        http.post(f"{provider.issuer}{DEVICE}", data=form).raise_for_status()
    assert asked_by_a_device(provider, shown)["error"] == "access_denied"
    provider.settings.device_lifetime = -1
    try:
        late = shown_to_a_device(provider)
    finally:
        provider.settings.device_lifetime = 1800
    assert asked_by_a_device(provider, late)["error"] == "expired_token"


def test_a_refresh_token_is_good_once(provider: Provider) -> None:
    shown = shown_to_a_device(provider)
    provider.decide(shown["user_code"], "ada")
    first = asked_by_a_device(provider, shown)["refresh_token"]
    second = refreshed(provider, first)
    assert verified(provider, second["access_token"])["sub"] == "ada"
    assert refreshed(provider, first)["error"] == "invalid_grant"
    assert refreshed(provider, second["refresh_token"])["error"] == "invalid_grant"


def test_a_sign_in_is_ended(provider: Provider) -> None:
    shown = shown_to_a_device(provider)
    provider.decide(shown["user_code"], "ada")
    token = asked_by_a_device(provider, shown)["refresh_token"]
    assert post(provider, REVOKE, client_id="cli", token=token) == {}
    assert refreshed(provider, token)["error"] == "invalid_grant"


def test_what_can_go_wrong(provider: Provider) -> None:
    address = f"{provider.issuer}{JWKS}"
    with client() as http:
        provider.fail(JWKS, answers.broken(), times=1)
        assert http.get(address).status_code == 500
        provider.fail(JWKS, answers.html(), times=1)
        assert http.get(address).text.startswith("<h1>")
        provider.fail(JWKS, answers.large(1_000_000), times=1)
        assert len(http.get(address).content) == 1_000_000
        provider.fail(JWKS, answers.redirected("http://127.0.0.1:1/"), times=1)
        assert http.get(address).has_redirect_location
        assert http.get(address).json() == provider.keys.published()
    assert provider.count(JWKS) == 5


def test_a_wrong_issuer(provider: Provider) -> None:
    provider.settings.metadata["issuer"] = "https://other.test"
    try:
        with client() as http:
            assert http.get(f"{provider.issuer}{DISCOVERY}").json()["issuer"] == "https://other.test"
    finally:
        provider.settings.metadata.clear()


def test_it_is_slow_until_the_test_says_so(provider: Provider) -> None:
    released = threading.Event()
    provider.fail(JWKS, answers.held(released), times=1)
    found: list[int] = []

    def ask() -> None:
        with client() as http:
            found.append(http.get(f"{provider.issuer}{JWKS}", timeout=None).status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    provider.until(JWKS)
    assert not found
    released.set()
    asking.join()
    assert found == [200]


def test_it_goes_down_and_comes_back_on_its_port(provider: Provider) -> None:
    provider.stop()
    with client() as http:
        with pytest.raises(httpx.ConnectError):
            http.get(f"{provider.issuer}{JWKS}")
        provider.start()
        assert http.get(f"{provider.issuer}{JWKS}").status_code == 200
