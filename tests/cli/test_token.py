"""`token` prints a token that a server with the development key of the same store accepts."""

import time
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.cli.command import run, said
from unisono.server.app import dev_key, trust
from unisono.server.clock import SystemClock
from unisono.server.config import load
from unisono.server.core.access.principal import Principal

FILE = """
[[apps]]
app_id = "mail.test"
client_ids = ["mail-client", "mail-web"]
"""


class Place:
    """A folder with a store's development key."""

    def __init__(self, folder: Path) -> None:
        self.store = f"sqlite:///{folder}/unisono.db"
        self.file = folder / "unisono.toml"
        self.file.write_text(FILE)
        self.key = dev_key.key_file(folder / "unisono.db")

    def token(self, *args: object) -> Principal:
        """Who a server takes the holder for."""
        result = run("token", "--store", self.store, "--config", self.file, *args)
        assert result.exit_code == 0, result.output
        (line,) = result.stdout.splitlines()
        settings = load({"store": self.store, "dev": True}, {}, self.file).settings
        return trust.trust(settings, SystemClock()).verifier.verify(line)

    def failure(self, *args: object) -> str:
        result = run("token", "--store", self.store, "--config", self.file, *args)
        assert result.exit_code == 2
        return said(result)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_of_the_demo_app(place: Place) -> None:
    principal = place.token()
    assert (principal.app_id, principal.user_id) == ("demo", "")
    assert principal.scopes == {"notifications.send"}


def test_of_a_user(place: Place) -> None:
    principal = place.token("--user", "ada lovelace é")
    assert (principal.app_id, principal.user_id) == ("demo", "ada lovelace é")
    assert principal.scopes == {"notifications.send", "notifications.readwrite"}


def test_of_a_declared_app(place: Place) -> None:
    assert place.token("--app", "mail.test").app_id == "mail.test"


def test_with_chosen_scopes(place: Place) -> None:
    scopes = place.token("--user", "ada", "--scope", "notifications.readwrite", "--scope", "other").scopes
    assert scopes == {"notifications.readwrite", "other"}


@pytest.mark.parametrize(
    ("args", "seconds"),
    [
        ([], 3600),
        (["--ttl", "90"], 90),
        (["--ttl", "30s"], 30),
        (["--ttl", "15m"], 900),
        (["--ttl", "7d"], 604_800),
    ],
)
def test_lifetime(place: Place, args: list[str], seconds: int) -> None:
    before = int(time.time())
    expire_time = place.token(*args).expire_time / 1000 - seconds
    assert before <= expire_time <= time.time()


@pytest.mark.parametrize("ttl", ["", "0", "0h", "-1", "1w", "1.5h", "366d", "soon"])
def test_no_lifetime(place: Place, ttl: str) -> None:
    assert "90s, 15m, 1h or 7d" in place.failure(f"--ttl={ttl}")


def test_app_that_is_not_declared(place: Place) -> None:
    assert "chat.test is not declared; known: mail.test, demo" in place.failure("--app", "chat.test")


@pytest.mark.parametrize(("user", "fault"), [("", "empty"), ("a\nb", "control"), ("é" * 129, "256 bytes")])
def test_user_that_cannot_be_kept(place: Place, user: str, fault: str) -> None:
    assert fault in place.failure("--user", user)
    assert not place.key.exists()


def test_key_is_made_once(place: Place) -> None:
    first, second = (run("token", "--store", place.store) for _ in range(2))
    whose = f"only a server with --dev and --store {place.store} takes its tokens"
    assert first.stderr == f"made the development key {place.key}: {whose}\n"
    assert second.stderr == ""


def test_key_and_store_stay_out_of_a_clone() -> None:
    ignored = Path(__file__, "../../../.gitignore").resolve().read_text().splitlines()
    for name in ("unisono.db", "unisono.db-wal", "unisono.db-shm", dev_key.key_file(Path("unisono.db")).name):
        assert any(fnmatch(name, pattern) for pattern in ignored)


def test_key_that_others_may_read(place: Place) -> None:
    place.token()
    place.key.chmod(0o644)
    assert f"chmod 600 {place.key}" in place.failure()
