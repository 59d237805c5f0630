"""Keys come over HTTP from a provider as providers are: slow, broken, elsewhere, or somebody else's."""

import threading
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.provider import answers
from tests.support.provider.answers import Fault
from tests.support.provider.endpoints import DISCOVERY, JWKS
from tests.support.provider.provider import Provider, running
from unisono.server.keys import fetch
from unisono.server.keys.base import Algorithm, FetchError, UnusableKeys
from unisono.server.keys.discovery import Discovered, Published
from unisono.server.keys.fetch import BYTES_MAX, REDIRECTS_MAX, Fetcher
from unisono.server.keys.formats import PUBLIC_KEY_ALGORITHMS
from unisono.server.keys.urls import discovery_url, is_allowed


@pytest_asyncio.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    fetcher = Fetcher()
    yield fetcher
    await fetcher.close()


def discovered(provider: Provider, fetcher: Fetcher) -> Discovered:
    return Discovered(provider.issuer, discovery_url(provider.issuer), fetcher, PUBLIC_KEY_ALGORITHMS)


async def failure(provider: Provider, fetcher: Fetcher) -> str:
    with pytest.raises((FetchError, UnusableKeys)) as caught:
        await discovered(provider, fetcher)()
    return str(caught.value)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("path", ["", "/realms/mail"])
async def test_the_keys_of_a_provider(algorithm: str, path: str, fetcher: Fetcher) -> None:
    with running(algorithm, path) as provider:
        provider.rotate()
        keys = await discovered(provider, fetcher)()
        assert [key.algorithm for key in keys] == [Algorithm(algorithm)] * 2
        assert provider.keys.key_id in {key.kid for key in keys}


async def test_the_keys_at_an_address(provider: Provider, fetcher: Fetcher) -> None:
    keys = await Published(f"{provider.issuer}{JWKS}", fetcher, PUBLIC_KEY_ALGORITHMS)()
    assert [key.kid for key in keys] == [provider.keys.key_id]
    assert provider.count(DISCOVERY) == 0


async def test_the_document_of_another_issuer(provider: Provider, fetcher: Fetcher) -> None:
    provider.settings.metadata["issuer"] = "https://eve.test"
    assert "https://eve.test" in await failure(provider, fetcher)
    assert provider.count(JWKS) == 0


@pytest.mark.parametrize(
    "jwks_uri", [None, 7, ["x"], "", "ftp://id.test/jwks", "http://id.test/jwks", "/jwks"]
)
async def test_a_document_without_an_address_of_keys(
    provider: Provider, fetcher: Fetcher, jwks_uri: object
) -> None:
    provider.settings.metadata["jwks_uri"] = jwks_uri
    message = await failure(provider, fetcher)
    assert "jwks_uri" in message or "is not https" in message


async def test_keys_that_are_for_no_accepted_algorithm(provider: Provider, fetcher: Fetcher) -> None:
    url = f"{provider.issuer}{JWKS}"
    with pytest.raises(UnusableKeys, match="no signing key"):
        await Published(url, fetcher, [Algorithm.ES256])()


async def test_one_damaged_key_does_not_spoil_the_others(provider: Provider, fetcher: Fetcher) -> None:
    provider.keys.extra = {"x5c": ["!"]}
    good = provider.keys.published()["keys"]
    damaged = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
    provider.fail(JWKS, lambda _: answers.as_json({"keys": [damaged, *good, {"kty": "oct", "k": "AA"}]}))
    keys = await discovered(provider, fetcher)()
    assert [key.kid for key in keys] == [provider.keys.key_id]


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (answers.broken(), "answered 500"),
        (answers.broken(404), "answered 404"),
        (answers.html(), "is not JSON"),
        (answers.large(BYTES_MAX + 1), f"has more than {BYTES_MAX} bytes"),
        (answers.redirected("http://id.test/elsewhere"), "is not https"),
        (answers.compressed(), "an encoding that was not asked for"),
        (lambda _: answers.Answer(body=b"[7]"), "is no JSON object"),
        (lambda _: answers.Answer(body=b"[" * 100_000), "is not JSON"),
        (lambda _: answers.Answer(body=b"\xff"), "is not JSON"),
    ],
    ids=["500", "404", "a page", "too large", "in the clear", "compressed", "a list", "deep", "no text"],
)
async def test_a_broken_answer(
    provider: Provider, fetcher: Fetcher, path: str, fault: Fault, words: str
) -> None:
    provider.fail(path, fault)
    assert words in await failure(provider, fetcher)


@pytest.mark.parametrize("path", [DISCOVERY, JWKS])
async def test_an_answer_that_leads_in_circles(provider: Provider, fetcher: Fetcher, path: str) -> None:
    provider.fail(path, answers.redirected(path))
    assert "one redirect too many" in await failure(provider, fetcher)
    assert provider.count(path) == REDIRECTS_MAX + 1


async def test_an_answer_as_large_as_allowed(provider: Provider, fetcher: Fetcher) -> None:
    provider.fail(JWKS, answers.large(BYTES_MAX))
    assert await discovered(provider, fetcher)()


async def test_a_redirect_within_reason(provider: Provider, fetcher: Fetcher) -> None:
    provider.fail(DISCOVERY, answers.redirected(f"{provider.issuer}{DISCOVERY}"), times=3)
    assert await discovered(provider, fetcher)()


async def test_a_provider_that_is_down(provider: Provider, fetcher: Fetcher) -> None:
    provider.stop()
    assert provider.issuer in await failure(provider, fetcher)


async def test_an_answer_that_does_not_come(
    provider: Provider, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "TIMEOUT", 0.05)
    until = threading.Event()
    provider.fail(JWKS, answers.held(until))
    assert "did not answer" in await failure(provider, fetcher)
    until.set()


async def test_a_proxy_of_the_environment_is_not_for_this_machine(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    fetcher = Fetcher()
    assert await discovered(provider, fetcher)()
    with pytest.raises(FetchError, match=r"proxied\.test"):
        await fetcher.json("https://proxied.test/")
    await fetcher.close()


@pytest.mark.parametrize(
    ("url", "loopback", "allowed"),
    [
        ("https://id.test/", False, True),
        ("http://id.test/", True, False),
        ("http://127.0.0.1:8080/", True, True),
        ("http://[::1]/", True, True),
        ("http://localhost/", True, True),
        ("http://127.0.0.1/", False, False),
        ("http://localhost.eve.test/", True, False),
        ("http://127.0.0.1@eve.test/", True, False),
        ("file:///etc/passwd", True, False),
        ("https:/id.test", False, True),
        ("", True, False),
    ],
)
def test_urls_of_keys(url: str, loopback: bool, allowed: bool) -> None:
    assert is_allowed(url, loopback=loopback) is allowed


def test_where_a_discovery_document_is() -> None:
    assert discovery_url("https://id.test") == discovery_url("https://id.test/")
    assert discovery_url("https://id.test/realms/a").endswith("/realms/a/.well-known/openid-configuration")
