"""A service account sends, and a device of a person who signed in receives, by an independent provider."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.oidc_provider.grants import Grants, Tokens
from tests.interop.oidc_provider.process import Provider
from tests.interop.oidc_provider.serving import trusting
from tests.interop.oidc_provider.test_tokens import PEOPLE
from tests.sdk.device_script import laptop, until
from tests.support.processes import TIMEOUT
from unisono.client import PermissionDenied, Publisher, Unauthenticated


@pytest.mark.parametrize("grant", PEOPLE.values(), ids=PEOPLE.keys())
async def test_what_a_service_account_sends_is_on_the_device_of_the_user(
    provider: Provider, grants: Grants, grant: Callable[[Grants], Tokens], tmp_path: Path
) -> None:
    person = grant(grants).access_token
    user_id = provider.claims(person)["sub"]
    with trusting(provider, tmp_path) as server:
        async with laptop(server.address, person) as device:
            async with Publisher(server.address, grants.client_credentials().access_token) as backend:
                await backend.send(user_id, title="Hello")
            await until(device, lambda device: [row.title for row in device.notifications] == ["Hello"])
            await device.mark_read(device.notifications[0])
            await until(device, lambda device: device.unread_count == 0)


async def test_neither_has_the_role_of_the_other(provider: Provider, grants: Grants, tmp_path: Path) -> None:
    person, own = grants.authorization_code("ada").access_token, grants.client_credentials().access_token
    with trusting(provider, tmp_path) as server:
        async with Publisher(server.address, person) as backend:
            with pytest.raises(PermissionDenied):
                await backend.send("bob", title="Hello")
        async with laptop(server.address, own) as device:
            await until(device, lambda device: device.error)
            assert isinstance(device.error, PermissionDenied)


@pytest.mark.parametrize("which", ["id_token", "refresh_token"])
async def test_other_tokens_of_a_sign_in_are_no_access_tokens(
    provider: Provider, grants: Grants, tmp_path: Path, which: str
) -> None:
    token = getattr(grants.authorization_code("ada"), which)
    with trusting(provider, tmp_path) as server:
        async with Publisher(server.address, token) as backend:
            with pytest.raises(Unauthenticated) as raised:
                await backend.get_feed("")
    assert raised.value.reason == "TOKEN_INVALID"


@pytest.mark.parametrize(("ahead", "reason"), [(5, ""), (600, "TOKEN_INVALID"), (-7200, "TOKEN_EXPIRED")])
async def test_the_clock_of_the_provider(
    own_provider: Provider, tmp_path: Path, ahead: int, reason: str
) -> None:
    """It may be a little ahead; a token from the future is refused, and so is one that is over."""
    own_provider.set_ahead(ahead)
    token = Grants(own_provider).client_credentials().access_token
    with trusting(own_provider, tmp_path) as server:
        async with Publisher(server.address, token) as backend:
            if not reason:
                assert (await backend.send("ada", title="Hello")).id
                return
            with pytest.raises(Unauthenticated) as raised:
                await backend.send("ada", title="Hello")
    assert raised.value.reason == reason


async def test_a_provider_that_is_down_at_the_start_and_later(own_provider: Provider, tmp_path: Path) -> None:
    own_provider.stop()
    with trusting(own_provider, tmp_path) as server:
        await asyncio.to_thread(server.until, "the keys of an issuer cannot be fetched")
        await asyncio.to_thread(own_provider.start)
        grants = Grants(own_provider)
        token, another_token = (grants.client_credentials().access_token for _ in range(2))
        async with Publisher(server.address, token, timeout=TIMEOUT) as backend:
            # Until the server has asked again
            await backend.send("ada", title="Hello")
            own_provider.stop()
            await backend.send("ada", title="Still there")
        async with Publisher(server.address, another_token) as another:
            assert [row.title async for row in another.list("ada")] == ["Still there", "Hello"]
