"""`health` asks the server of its own settings, wherever that listens, and says in a line why not."""

import datetime
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.cli.command import run, said
from tests.e2e.renewable import Renewable, port_of
from tests.support.processes import ServerProcess, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("health") / "unisono.db") as server:
        yield server


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Renewable:
    return Renewable(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def tls_server(files: Renewable) -> Iterator[ServerProcess]:
    with serving(files.key.with_name("unisono.db"), *files.flags) as server:
        yield server


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])  # noqa: S104
def test_it_serves(server: ServerProcess, host: str) -> None:
    result = run("health", "--listen", f"{host}:{port_of(server)}")
    assert (result.exit_code, result.output) == (0, "SERVING\n")


def test_the_wildcard_of_ipv6_is_asked_at_its_loopback_address(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", "--listen", "[::1]:0") as server:
        port = server.address.rpartition(":")[2]
        assert run("health", "--listen", f"[::]:{port}").output == "SERVING\n"


def test_the_settings_may_be_those_of_a_file_and_the_environment(
    server: ServerProcess, tmp_path: Path
) -> None:
    file = tmp_path / "unisono.toml"
    file.write_text(f'listen = "{server.address}"')
    assert run("health", "--config", file).exit_code == 0
    assert run("health", UNISONO_LISTEN=server.address).exit_code == 0


def test_the_proxy_of_the_environment_is_not_asked(server: ServerProcess) -> None:
    """It would not reach what listens here."""
    assert run("health", "--listen", server.address, http_proxy="http://127.0.0.1:9").exit_code == 0


def test_nobody_is_there(server: ServerProcess) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = run("health", "--listen", address)
    assert result.exit_code == 1
    assert said(result).startswith(f"Error: the server at {address} does not answer: ")
    assert said(result).count("\n") == 1


def test_somebody_who_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = run("health", "--listen", f"127.0.0.1:{silent.getsockname()[1]}", "--timeout", "0.05")
    assert result.exit_code == 1
    assert "does not answer: Deadline Exceeded" in said(result)


def test_a_port_that_the_kernel_chose_is_not_known() -> None:
    result = run("health", "--listen", "127.0.0.1:0")
    assert result.exit_code == 1
    assert "listen = 127.0.0.1:0 leaves it open" in said(result)


def test_the_server_is_known_by_its_own_certificate(tls_server: ServerProcess, files: Renewable) -> None:
    """Although it is of an authority that nobody here knows, and whatever name it is for."""
    result = run("health", "--listen", f"localhost:{port_of(tls_server)}", *files.flags)
    assert (result.exit_code, result.output) == (0, "SERVING\n")


def test_another_certificate_of_the_same_authority_is_not_its_own(
    tls_server: ServerProcess, files: Renewable, tmp_path: Path
) -> None:
    result = run("health", "--listen", tls_server.address, *stored(files.authority, "127.0.0.1", tmp_path))
    assert result.exit_code == 1
    assert "CERTIFICATE_VERIFY_FAILED" in said(result)


def test_a_server_in_the_clear_is_not_taken_for_one_with_tls(server: ServerProcess, files: Renewable) -> None:
    assert run("health", "--listen", server.address, *files.flags).exit_code == 1


@pytest.mark.parametrize("name", ["*.example.com", "10.0.0.7", "::1", "push.example.com"])
def test_any_name_of_a_certificate_does(name: str, tmp_path: Path) -> None:
    flags = stored(trustme.CA(), name, tmp_path)
    with serving(tmp_path / "unisono.db", *flags) as server:
        assert run("health", "--listen", server.address, *flags).exit_code == 0


def test_an_expired_certificate_is_named(tmp_path: Path) -> None:
    ended = datetime.datetime(2020, 1, 2, 3, 4, tzinfo=datetime.UTC)
    issued = trustme.CA().issue_cert("push.example.com", not_after=ended)
    result = run("health", *written(issued, tmp_path))
    assert result.exit_code == 1
    assert "certificate.pem has expired, at 2020-01-02 03:04 UTC" in said(result)


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_what_is_no_certificate_is_named(content: bytes, tmp_path: Path) -> None:
    flags = stored(trustme.CA(), "push.example.com", tmp_path)
    (tmp_path / "certificate.pem").write_bytes(content)
    assert "certificate.pem is not a PEM certificate" in said(run("health", *flags))
    (tmp_path / "certificate.pem").unlink()
    assert "certificate.pem: No such file" in said(run("health", *flags))


def stored(authority: trustme.CA, name: str, folder: Path) -> tuple[str, ...]:
    """Issue a certificate, and return the flags of a server that shows it."""
    return written(authority.issue_cert(name), folder)


def written(issued: trustme.LeafCert, folder: Path) -> tuple[str, ...]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(b"".join(pem.bytes() for pem in issued.cert_chain_pems))
    key.touch(0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    return "--tls-certificate", str(certificate), "--tls-key", str(key)
