"""Providers that tests share, one for each shape of tokens."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache

import pytest

from tests.interop.oidc_provider.grants import Grants
from tests.interop.oidc_provider.process import Provider, require_provider


@contextmanager
def providing(shape: str = "rfc9068", *, lifetime: int = 3600) -> Iterator[Provider]:
    """Run a provider."""
    require_provider()
    provider = Provider(shape, lifetime=lifetime)
    try:
        provider.start()
        yield provider
    finally:
        provider.close()


@pytest.fixture(scope="session")
def shared() -> Iterator[Callable[[str], Provider]]:
    with ExitStack() as running:
        yield cache(lambda shape: running.enter_context(providing(shape)))


@pytest.fixture(params=["rfc9068", "keycloak"])
def provider(request: pytest.FixtureRequest, shared: Callable[[str], Provider]) -> Provider:
    """A provider that no test changes, with tokens of either shape."""
    return shared(request.param)


@pytest.fixture
def own_provider() -> Iterator[Provider]:
    """A provider that the test may change."""
    with providing() as provider:
        yield provider


@pytest.fixture
def grants(provider: Provider) -> Grants:
    return Grants(provider)
