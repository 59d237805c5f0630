"""A backend with a certificate, as docs/identity.md says how to make one and to declare it."""

import re
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import trustme
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from tests.commands import unisono
from tests.docs.blocks import Block, blocks_of
from tests.docs.machine import ROOT
from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client
from tests.support.processes import NOBODY, TIMEOUT, ServerProcess, run, serving, url
from tests.support.rpc_errors import raises_status
from unisono.client import ConnectionOptions, Publisher, create_channel

DOCUMENT: Final = ROOT / "docs" / "identity.md"

#: Instead of the one of the document, which would be asked for its keys.
ISSUER: Final = f"""
[[issuers]]
issuer = "{tokens.ISSUER}"
audience = "{tokens.AUDIENCE}"
secret = "{tokens.SECRET}"
"""

SERVER: Final = trustme.CA()


def block(has: str) -> Block:
    text = DOCUMENT.read_text(encoding="utf-8")
    return next(block for block in blocks_of("identity.md", text) if has in block.text)


def command(has: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-ec", block(has).text], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the document, and the configuration with their whole paths."""
    folder = tmp_path_factory.mktemp("certificates")
    command("openssl req", folder)
    issued = SERVER.issue_cert("127.0.0.1")
    (folder / "certificate.pem").write_bytes(issued.cert_chain_pems[0].bytes())
    (folder / "key.pem").touch(0o600)
    (folder / "key.pem").write_bytes(issued.private_key_pem.bytes())
    config = folder / "unisono.toml"
    config.touch(0o600)
    text, _, _ = block("tls_client_ca").text.partition("[[issuers]]")
    config.write_text(re.sub(r'"(\w\S+\.pem)"', rf'"{folder}/\1"', text) + ISSUER)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ServerProcess]:
    flags = ("--config", folder / "unisono.toml", "--transport", "http")
    with serving(folder / "unisono.db", *flags, env=NOBODY) as server:
        yield server


def options(folder: Path) -> ConnectionOptions:
    return ConnectionOptions(
        root_certificates=SERVER.cert_pem.bytes(),
        client_certificate=(folder / "mail.pem").read_bytes(),
        client_key=(folder / "mail.key").read_bytes(),
    )


async def test_a_backend_sends_and_is_no_device(server: ServerProcess, folder: Path) -> None:
    async with create_channel(server.address, **options(folder)) as channel:
        assert (await ApiClient(Client(channel, None), user_id="ada").send()).id
        with raises_status("PERMISSION_DENIED", "ROLE_NOT_ALLOWED"):
            await ApiClient(Client(channel, None), endpoint_id="phone").register()


async def test_the_sdk_sends_no_token_where_it_is_empty(server: ServerProcess, folder: Path) -> None:
    async with Publisher(server.address, "", timeout=TIMEOUT, **options(folder)) as publisher:
        assert (await publisher.send("ada", title="By certificate")).id


def test_the_command_needs_no_token(server: ServerProcess, folder: Path) -> None:
    root = folder / "root.pem"
    root.write_bytes(SERVER.cert_pem.bytes())
    connection = ("--target", server.address, "--root-certificates", str(root))
    shown = ("--client-certificate", str(folder / "mail.pem"), "--client-key", str(folder / "mail.key"))
    sent = unisono.run("send", "ada", "By certificate", *connection, *shown)
    assert sent.returncode == 0, sent.stderr
    listed = unisono.run("list", "--user", "ada", *connection, *shown)
    assert "By certificate" in listed.stdout
    without = unisono.run("list", "--user", "ada", *connection)
    assert "there is no access token" in without.stderr


async def test_devices_need_none(server: ServerProcess) -> None:
    async with create_channel(server.address, root_certificates=SERVER.cert_pem.bytes()) as channel:
        token = tokens.device(azp="mail-android")
        await ApiClient(Client(channel, token), endpoint_id="phone").register()


def test_a_client_is_no_authority(folder: Path) -> None:
    shown = subprocess.run(
        ["openssl", "x509", "-in", "mail.pem", "-noout", "-text"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "DNS:mail.backend.internal" in shown
    assert "CA:TRUE" not in shown


def test_a_thumbprint_is_made_as_it_says(folder: Path) -> None:
    certificate = load_pem_x509_certificate((folder / "mail.pem").read_bytes())
    made = urlsafe_b64encode(certificate.fingerprint(SHA256())).decode().rstrip("=")
    assert command("openssl dgst", folder) == made


def test_grpcio_is_refused_with_what_to_change(folder: Path) -> None:
    flags = ("--config", folder / "unisono.toml", "--transport", "grpcio", "--store", url(folder / "b.db"))
    done = run("serve", *flags, "--listen", "127.0.0.1:0", env=NOBODY)
    assert done.returncode == 1
    assert 'tls_client_ca needs the line transport = "http" beside it' in done.stderr
