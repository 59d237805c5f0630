"""`serve` that cannot start says why and what to do, in a line or two, and with the right status."""

import socket
from pathlib import Path

from tests.cli.command import process

FILE = """
[[apps]]
app_id = "mail.test"
client_ids = "mail-client"
[[issuers]]
issuer = "https://id.test/"
audience = "unisono"
pem_file = "no.pem"
"""


def failure(folder: Path, *args: object, status: int) -> str:
    done = process("serve", "--log-level", "error", *args, folder=folder)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    return done.stderr


def test_nobody_to_trust(tmp_path: Path) -> None:
    message = failure(tmp_path, status=2)
    assert "--dev" in message
    assert "--config" in message
    assert list(tmp_path.iterdir()) == []


def test_bad_key_file(tmp_path: Path) -> None:
    (tmp_path / "unisono.toml").write_text(FILE)
    assert "no.pem cannot be read" in failure(tmp_path, "--config", "unisono.toml", status=2)


def test_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = failure(tmp_path, "--dev", "--listen", f"127.0.0.1:{port}", status=1)
    assert f"127.0.0.1:{port}" in message


def test_store_in_no_folder(tmp_path: Path) -> None:
    message = failure(tmp_path, "--dev", "--store", "sqlite:///absent/unisono.db", status=2)
    assert "the folder absent does not exist" in message


def test_store_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear reader, " * 100)
    flags = ("--dev", "--listen", "127.0.0.1:0", "--store", "sqlite:///letter.txt")
    assert "letter.txt is not a SQLite database" in failure(tmp_path, *flags, status=1)


def test_tls_files_that_are_not_there(tmp_path: Path) -> None:
    flags = ("--dev", "--listen", "127.0.0.1:0", "--tls-certificate", "no.pem", "--tls-key", "no.key")
    assert "no.pem" in failure(tmp_path, *flags, status=1)
