"""A server that cannot start says why and what to do, in a line or two, and leaves everything as it was."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.processes import ServerProcess, run, serving, url

FLAGS = ("--log-level", "error")

#: Takes from root what lets it write where it may not; others cannot anyway.
POWERS = "-dac_override,-dac_read_search"
POWERLESS = ("setpriv", "--bounding-set", POWERS, "--inh-caps", POWERS) if os.geteuid() == 0 else ()

BAD_CONFIG = """
heartbeet = 10
drain_grace = -1
tls_key = "server.key"
"""


def failure(*flags: str | Path, status: int, lines: int = 1, under: tuple[str, ...] = ()) -> str:
    """What `serve` says, in so many lines, before it ends with this status."""
    done = run("serve", *FLAGS, *flags, under=under)
    assert done.returncode == status, done.stderr
    assert len(done.stderr.splitlines()) == lines, done.stderr
    return done.stderr.removeprefix("Error: ")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a server that runs."""
    return tmp_path_factory.mktemp("running") / "unisono.db"


@pytest.fixture(scope="module")
def running(store: Path) -> Iterator[ServerProcess]:
    with serving(store) as server:
        yield server


def test_on_the_port_of_another_server(running: ServerProcess, tmp_path: Path) -> None:
    flags = ("--listen", running.address, "--store", url(tmp_path / "unisono.db"))
    message = failure(*flags, status=1)
    assert running.address in message
    assert "--listen" in message


def test_on_the_file_of_another_server(running: ServerProcess, store: Path) -> None:
    message = failure("--listen", "127.0.0.1:0", "--store", url(store), status=1)
    assert f"{store} is in use by another unisono-server; stop that one, or use another file" in message


def test_on_a_file_that_it_may_not_write(tmp_path: Path) -> None:
    file = tmp_path / "unisono.db"
    assert run("migrate", "--store", url(file)).returncode == 0
    file.chmod(0o400)
    message = failure("--listen", "127.0.0.1:0", "--store", url(file), status=1, under=POWERLESS)
    assert f"cannot use {file}: Permission denied; let the server read and write it" in message


def test_on_a_database_of_another_program(tmp_path: Path) -> None:
    file = tmp_path / "address-book.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE people (name TEXT)")
        database.commit()
    content = file.read_bytes()
    message = failure("--listen", "127.0.0.1:0", "--store", url(file), status=1)
    assert f"{file} is a database of another program; use another file" in message
    assert file.read_bytes() == content


def test_with_a_development_key_where_other_machines_reach_it(tmp_path: Path) -> None:
    flags = ("--dev", "--listen", "0.0.0.0:0", "--store", url(tmp_path / "unisono.db"))
    message = failure(*flags, status=2)
    assert "listen on 127.0.0.1, or say --dev-key-on-any-address" in message
    assert not list(tmp_path.iterdir())


def test_with_settings_that_are_wrong(tmp_path: Path) -> None:
    """Each is named, on a line of its own."""
    file = tmp_path / "unisono.toml"
    file.write_text(BAD_CONFIG)
    message = failure("--config", file, status=2, lines=3)
    assert "heartbeet is no setting; did you mean heartbeat?" in message
    assert "\ndrain_grace (file" in message
    assert "tls_certificate and tls_key go together" in message
