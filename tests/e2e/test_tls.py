"""TLS: who trusts the root gets in, nobody is served in the clear, and renewing needs no restart."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from tests.e2e.renewable import HOST, Renewable, port_of
from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client
from tests.support.processes import ServerProcess, run, serving, url
from unisono.client import create_channel


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Renewable:
    return Renewable(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def server(files: Renewable) -> Iterator[ServerProcess]:
    with serving(files.key.with_name("unisono.db"), *files.flags) as server:
        yield server


def backend(channel: grpc.aio.Channel) -> ApiClient:
    return ApiClient(Client(channel, tokens.publisher()), user_id="ada")


async def test_whoever_trusts_the_root_gets_in(server: ServerProcess, files: Renewable) -> None:
    assert server.until("serving")["tls"] is True
    async with create_channel(server.address, root_certificates=files.root) as channel:
        assert (await backend(channel).send()).id


@pytest.mark.parametrize("tls", [True, False], ids=["without the root", "in the clear"])
async def test_nobody_else_does(server: ServerProcess, tls: bool) -> None:
    async with create_channel(server.address, tls=tls) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await backend(channel).send()
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_renewed_certificate_is_used_without_a_restart(
    server: ServerProcess, files: Renewable
) -> None:
    # Given a device with a connection
    before = files.presented(server)
    async with create_channel(server.address, root_certificates=files.root) as channel:
        await backend(channel).send()
        # When the files are overwritten
        files.renew()
        # Then new connections get the new certificate, and the old connection goes on
        assert files.presented(server) != before
        await backend(channel).send()
    async with create_channel(server.address, root_certificates=files.root) as channel:
        await backend(channel).send()


def test_until_both_files_are_whole_the_old_pair_is_used(server: ServerProcess, files: Renewable) -> None:
    before = files.presented(server)
    certificate, key = files.issue()
    for step in (certificate[: len(certificate) // 2], certificate):
        files.certificate.write_bytes(step)
        assert files.presented(server) == before
    files.key.write_bytes(key[: len(key) // 2])
    assert files.presented(server) == before
    files.key.write_bytes(key)
    assert files.presented(server) != before


def test_many_who_connect_at_once_end_nothing(server: ServerProcess, files: Renewable) -> None:
    """gRPC ended the process where it was given the certificate anew for each of them."""
    with ThreadPoolExecutor(max_workers=12) as strangers:
        for _ in range(3):
            presented = list(strangers.map(files.presented, [server] * 150))
            assert files.presented(server) == presented[-1]
            files.renew()


def test_strangers_do_not_write_into_the_log(tmp_path: Path) -> None:
    with (
        serving(tmp_path / "unisono.db", *Renewable(tmp_path).flags) as server,
        socket.create_connection((HOST, port_of(server))) as stranger,
    ):
        stranger.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while stranger.recv(1024):
            pass
    assert len(server.output.splitlines()) == len(server.log)


def test_a_certificate_with_the_key_of_another_is_refused_at_the_start(tmp_path: Path) -> None:
    files = Renewable(tmp_path)
    files.key.write_bytes(files.issue()[1])
    done = run("serve", "--log-level", "error", "--store", url(tmp_path / "unisono.db"), *files.flags)
    assert done.returncode == 1
    assert f"{files.certificate} and {files.key} are not a PEM certificate and its key" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_key_that_every_user_may_read_is_refused_at_the_start(tmp_path: Path) -> None:
    files = Renewable(tmp_path)
    command = ("serve", "--log-level", "error", "--store", url(tmp_path / "unisono.db"), *files.flags)
    files.key.chmod(0o644)
    done = run(*command, "--listen", "127.0.0.1:0")
    assert done.returncode == 1
    assert f"{files.key} holds a private key" in done.stderr
    assert f"chmod o-rwx {files.key}" in done.stderr


def test_a_key_that_its_group_may_read_is_used(tmp_path: Path) -> None:
    """As those of the group ssl-cert, and those that are mounted into a container for its group."""
    files = Renewable(tmp_path)
    files.key.chmod(0o640)
    files.certificate.chmod(0o644)
    with serving(tmp_path / "unisono.db", *files.flags) as server:
        assert files.presented(server)
