"""Backup and restore: a copy taken under load is whole, and devices of the old store start over on it."""

import asyncio
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.devices import Device, DeviceModel
from tests.support.load import Answers, SendLoad, everything, holds
from tests.support.nodes import Client
from tests.support.processes import ServerProcess, run, serving, url
from unisono.client import create_channel


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A store that has stopped, its backup, and what was answered, and was on a device, before that."""

    store: Path
    backup: Path
    before: Answers
    held: DeviceModel


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> BackedUp:
    return asyncio.run(back_up(tmp_path_factory.mktemp("backup")))


async def back_up(folder: Path) -> BackedUp:
    """Back up the store of a server while backends send. A device listens until that begins."""
    store, backup = folder / "unisono.db", folder / "backup.db"
    load, begun = SendLoad(), asyncio.Event()
    with serving(store) as server:
        async with create_channel(server.address) as channel:
            phone = await Device(Client(channel, tokens.device("ada")), "phone").connect()
            sending = asyncio.create_task(load.send(channel, after=60, do=begun.set))
            await begun.wait()
            held = await phone.disconnect()
            before, count = load.copy(), load.count
            done = await asyncio.to_thread(run, "backup", "--store", url(store), "--to", backup)
            assert load.count > count, "there was no load"
            server.signal(signal.SIGTERM)
            await sending
    assert (done.returncode, done.stderr) == (0, "")
    return BackedUp(store=store, backup=backup, before=before, held=held)


@pytest.fixture(scope="module")
def restored(backed_up: BackedUp) -> Iterator[ServerProcess]:
    """A server on a new store, made of the backup."""
    store = backed_up.store.with_name("restored.db")
    done = run("restore", "--from", backed_up.backup, "--store", url(store))
    assert (done.returncode, done.stderr) == (0, "")
    with serving(store) as server:
        yield server


async def test_it_has_what_was_answered_before_the_backup_began(
    restored: ServerProcess, backed_up: BackedUp
) -> None:
    async with create_channel(restored.address) as channel:
        await holds(channel, backed_up.before)


async def test_a_device_of_the_old_store_starts_over(restored: ServerProcess, backed_up: BackedUp) -> None:
    """Although the restored feed has all that the device had: it may go on differently."""
    async with create_channel(restored.address) as channel:
        client = Client(channel, tokens.device("ada"))
        phone = await Device(client, "phone", backed_up.held).connect()
        assert not phone.held.messages[0].welcome.resumed
        stored = {row.id: row for row in await everything(ApiClient(client, endpoint_id="phone"))}
        assert phone.held.notifications == stored
        await phone.disconnect()


def test_a_restore_replaces_a_store_only_when_forced(backed_up: BackedUp, tmp_path: Path) -> None:
    store = tmp_path / "unisono.db"
    shutil.copy(backed_up.store, store)
    command = ("restore", "--from", backed_up.backup, "--store", url(store))
    raised = run(*command)
    assert raised.returncode == 1
    assert f"{store} exists" in raised.stderr
    assert "--force" in raised.stderr
    assert store.read_bytes() == backed_up.store.read_bytes()
    assert run(*command, "--force").returncode == 0
    assert store.read_bytes() != backed_up.store.read_bytes()


async def test_a_restore_never_replaces_the_store_of_a_server_that_runs(
    restored: ServerProcess, backed_up: BackedUp
) -> None:
    store = backed_up.store.with_name("restored.db")
    done = run("restore", "--from", backed_up.backup, "--store", url(store), "--force")
    assert done.returncode == 1
    assert f"{store} is in use by another unisono-server" in done.stderr
    async with create_channel(restored.address) as channel:
        await holds(channel, backed_up.before)
