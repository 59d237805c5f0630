"""With TLS where there is none, without where there is, and with certificates that do not lead to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.commands.unisono import Cli
from tests.support import tokens
from tests.support.processes import ServerProcess, serving

LIST = ("list", "--user", "ada", "--timeout", "1s")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secured(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that serves TLS."""
    folder = tmp_path_factory.mktemp("secured")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    issued = authority.issue_cert("127.0.0.1")
    certificate.write_bytes(issued.cert_chain_pems[0].bytes())
    key.touch(0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    with serving(folder / "unisono.db", "--tls-certificate", certificate, "--tls-key", key) as server:
        yield server


def root(authority: trustme.CA, folder: Path) -> str:
    """The file of its certificate."""
    file = folder / "root.pem"
    file.write_bytes(authority.cert_pem.bytes())
    return str(file)


def raised(server: ServerProcess, *options: str) -> tuple[str, str]:
    """The error and the hint."""
    ended = Cli(server.address, tokens.publisher()).process(*LIST, *options)
    assert (ended.returncode, ended.stdout) == (1, "")
    # Not a line more: what gRPC would say by itself is not shown.
    error, hint = ended.stderr.splitlines()
    return error, hint


def test_tls_where_there_is_none(server: ServerProcess) -> None:
    assert raised(server, "--tls") == (
        f"Error: the server at {server.address} does not speak TLS",
        "Hint: leave out --tls and --root-certificates",
    )


def test_no_tls_where_there_is(secured: ServerProcess) -> None:
    assert raised(secured) == (
        f"Error: the server at {secured.address} hangs up at once, as one does that serves TLS",
        "Hint: give --tls if it does",
    )


def test_certificates_that_do_not_lead_to_it(secured: ServerProcess, tmp_path: Path) -> None:
    error, hint = raised(secured, "--root-certificates", root(trustme.CA(), tmp_path))
    assert error == f"Error: the certificate of the server at {secured.address} is not trusted"
    assert "--root-certificates" in hint


def test_certificates_that_do(secured: ServerProcess, authority: trustme.CA, tmp_path: Path) -> None:
    app = Cli(secured.address, tokens.publisher())
    assert app.json_lines(*LIST, "--root-certificates", root(authority, tmp_path)) == []
