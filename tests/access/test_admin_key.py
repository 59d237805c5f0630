"""The key that a server makes beside its store, for the commands on its machine."""

import stat
from pathlib import Path
from typing import Any

import pytest

from tests.support.clocks import FakeClock
from unisono.server.app import admin_key
from unisono.server.app.trust import trust
from unisono.server.config import Settings
from unisono.server.core.access.misconfigured import AccessMisconfigured


def settings(folder: Path) -> Settings:
    tables: dict[str, Any] = {
        "apps": [{"app_id": "mail.test", "client_ids": "mail-client"}],
        "issuers": [{"issuer": "https://id.test/", "audience": "unisono", "secret": "x" * 32}],
    }
    return Settings(store=f"sqlite:///{folder}/unisono.db", **tables)


def file_of(at: Settings) -> Path:
    return admin_key.secret_of(at.store_file).file


def test_a_server_makes_it_for_its_owner_alone_and_keeps_it(tmp_path: Path) -> None:
    at = settings(tmp_path)
    trust(at, FakeClock(), with_admin_key=True)
    file = file_of(at)
    assert file == tmp_path / "unisono.db.admin-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = file.read_text()
    trust(at, FakeClock(), with_admin_key=True)
    assert file.read_text() == key
    assert admin_key.read(at.store_file) == key.strip()


def test_no_command_makes_it(tmp_path: Path) -> None:
    """It would be the key of no server, and perhaps of another user."""
    at = settings(tmp_path)
    with pytest.raises(AccessMisconfigured, match="a server makes it beside its store when it starts"):
        admin_key.read(at.store_file)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_one_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    at = settings(tmp_path)
    trust(at, FakeClock(), with_admin_key=True)
    file_of(at).chmod(mode)
    with pytest.raises(AccessMisconfigured, match="others may read the admin key: run chmod 600"):
        trust(at, FakeClock(), with_admin_key=True)
    with pytest.raises(AccessMisconfigured, match="others may read the admin key: run chmod 600"):
        admin_key.read(at.store_file)


def test_one_that_is_damaged_is_refused(tmp_path: Path) -> None:
    at = settings(tmp_path)
    file_of(at).touch(0o600)
    with pytest.raises(AccessMisconfigured, match="is damaged; remove it"):
        trust(at, FakeClock(), with_admin_key=True)


def test_keys_of_two_stores_differ(tmp_path: Path) -> None:
    made = [admin_key.secret_of(tmp_path / name).read_or_make() for name in ("a.db", "b.db")]
    assert len(set(made)) == 2
