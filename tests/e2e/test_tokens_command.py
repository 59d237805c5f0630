"""Whose tokens a server takes: those of `unisono-server token` with --dev, and those of declared keys."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.access.signing import ec_key, jwk, jwks_file, public_pem, rsa_key
from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.devices import Device
from tests.support.nodes import Client
from tests.support.processes import NOBODY, ServerProcess, run, serving, url
from tests.support.rpc_errors import raises_status
from unisono.client import create_channel

CONFIG = """
store = "{store}"

[[apps]]
app_id = "mail.test"
client_ids = "mail-client"
issuers = ["https://rsa.test", "https://ec.test"]
same_users = ["https://rsa.test", "https://ec.test"]

[[issuers]]
issuer = "https://rsa.test"
audience = "unisono"
pem_file = "{pem_file}"

[[issuers]]
issuer = "https://ec.test"
audience = "unisono"
jwks_file = "{jwks_file}"
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dev") / "unisono.db"
    # Whatever comes first makes the key, and says so; the tests come in any order.
    run("token", "--store", url(path), env=NOBODY)
    return path


@pytest.fixture(scope="module")
def dev(store: Path) -> Iterator[ServerProcess]:
    """A server that takes tokens of the development key, and no others."""
    with serving(store, "--dev", env=NOBODY) as server:
        yield server


def printed(store: Path, *arguments: str) -> str:
    """What `unisono-server token` prints, which is a token and nothing else."""
    done = run("token", "--store", url(store), *arguments, env=NOBODY)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


async def works(server: ServerProcess, app_token: str, user_token: str) -> None:
    """The one sends, the other receives."""
    async with create_channel(server.address) as channel:
        sent = await ApiClient(Client(channel, app_token), user_id="ada").send()
        phone = await Device(Client(channel, user_token), "phone").connect()
        assert sent.id in phone.held.notifications
        await phone.disconnect()


async def test_printed_tokens_work_on_a_development_server(dev: ServerProcess, store: Path) -> None:
    await works(dev, printed(store), printed(store, "--user", "ada"))


async def test_an_expired_token_is_refused(dev: ServerProcess, store: Path) -> None:
    token = printed(store, "--ttl", "1s")
    expire_time: int = jwt.decode(token, options={"verify_signature": False})["exp"]
    await asyncio.sleep(max(0, expire_time - time.time()) + 0.02)
    async with create_channel(dev.address) as channel:
        with raises_status("UNAUTHENTICATED", "TOKEN_EXPIRED"):
            await ApiClient(Client(channel, token), user_id="ada").send()


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose configuration names an RSA key in a PEM file, and an elliptic one in a JWKS file."""
    folder = tmp_path_factory.mktemp("declared")
    pem, file, store = folder / "rsa.pem", folder / "unisono.toml", folder / "unisono.db"
    pem.write_bytes(public_pem(rsa_key()))
    jwks = jwks_file(folder, jwk(ec_key(), kid="2026"))
    file.write_text(CONFIG.format(store=url(store), pem_file=pem, jwks_file=jwks))
    with serving(store, "--config", file, env=NOBODY) as server:
        yield server


async def test_tokens_of_a_key_in_a_pem_file_work(declared: ServerProcess) -> None:
    app, user = (jwt.encode(claims, rsa_key(), "RS256") for claims in claims_of("https://rsa.test"))
    await works(declared, app, user)


async def test_tokens_of_a_key_in_a_jwks_file_work(declared: ServerProcess) -> None:
    kid = {"kid": "2026"}
    app, user = (jwt.encode(claims, ec_key(), "ES256", kid) for claims in claims_of("https://ec.test"))
    await works(declared, app, user)


async def test_printed_tokens_are_refused_without_dev(declared: ServerProcess, store: Path) -> None:
    async with create_channel(declared.address) as channel:
        with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
            await ApiClient(Client(channel, printed(store)), user_id="ada").send()


def claims_of(issuer: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Those of a token of the app mail.test itself, and of its user ada."""
    return tokens.claims(iss=issuer), tokens.claims(iss=issuer, sub="ada", scope=tokens.DEVICE_SCOPES)
