"""A server process beside an OpenID provider, who signs in there, and what is while it is down."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from tests.support.api_client import ApiClient
from tests.support.devices import Device
from tests.support.nodes import Client
from tests.support.processes import NOBODY, ServerProcess, serving
from tests.support.provider.endpoints import DISCOVERY, JWKS
from tests.support.provider.provider import Provider
from tests.support.rpc_errors import raises_status
from unisono.client import Publisher, create_channel

CONFIG = """
[[apps]]
app_id = "mail.test"
client_ids = ["mailer", "phone"]

[[issuers]]
issuer = "{issuer}"
preset = "rfc9068"
audience = "unisono"
"""


@contextmanager
def trusting(provider: Provider, folder: Path) -> Iterator[ServerProcess]:
    """A server whose only issuer is the provider."""
    config = folder / "unisono.toml"
    config.write_text(CONFIG.format(issuer=provider.issuer))
    with serving(folder / "unisono.db", "--config", config, env=NOBODY) as server:
        yield server


@asynccontextmanager
async def calling(server: ServerProcess, token: str) -> AsyncIterator[ApiClient]:
    async with create_channel(server.address) as channel:
        yield ApiClient(Client(channel, token), user_id="ada")


async def fetched(server: ServerProcess) -> None:
    await asyncio.to_thread(server.until, "the keys of an issuer were fetched")


def own_token(provider: Provider) -> str:
    return provider.access_token("mailer", scope="notifications.send")


def users_token(provider: Provider) -> str:
    return provider.access_token("phone", "ada", "notifications.readwrite")


async def sent(server: ServerProcess, provider: Provider) -> str:
    """Send with the SDK, which tries again for as long as the keys are not there."""
    async with Publisher(server.address, token=own_token(provider)) as publisher:
        return (await publisher.send("ada", title="Hello")).id


async def test_a_service_account_sends_and_a_person_receives(provider: Provider, tmp_path: Path) -> None:
    with trusting(provider, tmp_path) as server:
        id_ = await sent(server, provider)
        async with create_channel(server.address) as channel:
            phone = await Device(Client(channel, users_token(provider)), "phone").connect()
            assert id_ in phone.held.notifications
            await phone.disconnect()
        assert (provider.count(DISCOVERY), provider.count(JWKS)) == (1, 1)


async def test_a_provider_that_is_down_at_the_start(provider: Provider, tmp_path: Path) -> None:
    provider.stop()
    with trusting(provider, tmp_path) as server:
        await asyncio.to_thread(server.until, "the keys of an issuer cannot be fetched")
        async with calling(server, own_token(provider)) as caller:
            with raises_status("UNAVAILABLE", "ISSUER_UNAVAILABLE") as failure:
                await caller.send()
            assert failure.explanation.retry_delay
        sending = asyncio.create_task(sent(server, provider))
        provider.start()
        assert await sending


async def test_a_provider_that_is_down_later(provider: Provider, tmp_path: Path) -> None:
    with trusting(provider, tmp_path) as server:
        await fetched(server)
        provider.stop()
        server.signal(signal.SIGHUP)
        await asyncio.to_thread(server.until, "the keys of an issuer cannot be fetched")
        assert await sent(server, provider)


async def test_keys_are_fetched_at_sighup(provider: Provider, tmp_path: Path) -> None:
    with trusting(provider, tmp_path) as server:
        await fetched(server)
        old = own_token(provider)
        provider.rotate(keep=False)
        server.signal(signal.SIGHUP)
        await asyncio.to_thread(provider.until, JWKS, 2)
        assert await sent(server, provider)
        async with calling(server, old) as caller:
            with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
                await caller.send()


@pytest.mark.parametrize("of", ["ID", "logout"])
async def test_what_the_provider_signs_besides_is_no_access_token(
    provider: Provider, tmp_path: Path, of: str
) -> None:
    token = (provider.id_token if of == "ID" else provider.logout_token)("phone", "ada")
    with trusting(provider, tmp_path) as server:
        await fetched(server)
        async with calling(server, token) as caller:
            with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
                await caller.feed()
