"""`stats` asks the running server how it is, with the key beside its store."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import run, said
from tests.e2e.renewable import Renewable
from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client
from tests.support.processes import ServerProcess, serving, url
from unisono.client import create_channel
from unisono.server import __version__


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stats") / "unisono.db"


@pytest.fixture(scope="module")
def server(store: Path) -> Iterator[ServerProcess]:
    with serving(store) as server:
        yield server


def asked(server: ServerProcess, store: Path, *flags: object) -> tuple[object, ...]:
    return "stats", "--store", url(store), "--listen", server.address, *flags


async def test_for_programs(server: ServerProcess, store: Path) -> None:
    async with create_channel(server.address) as channel:
        await ApiClient(Client(channel, tokens.device()), endpoint_id="phone").register()
        await ApiClient(Client(channel, tokens.publisher()), user_id="ada").send()
    result = run(*asked(server, store, "--json"))
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["version"] == __version__
    one = {"count": 1, "more": False}
    assert [found["store"][name] for name in ("feeds", "endpoints", "notifications")] == [one] * 3
    assert found["store"]["bytes"] > 0
    assert found["start_time"] < found["time"]
    feeds, endpoints = found["commits"]
    assert (feeds["name"], feeds["waiting"], feeds["commits"], feeds["changes"]) == ("feeds", 0, 1, 1)
    assert (endpoints["name"], endpoints["capacity"]) == ("endpoints", 10_000)
    sends = {"method": "unisono.v1.NotificationService/SendNotification", "started": 1}
    assert {**sends, "handled": [{"code": "OK", "calls": 1}]} in found["methods"]


def test_for_a_person(server: ServerProcess, store: Path) -> None:
    result = run(*asked(server, store))
    assert result.exit_code == 0, result.output
    first, _, *lines = result.stdout.splitlines()
    assert first.startswith(f"unisono-server {__version__}, up for ")
    assert "open streams          0" in lines
    assert any(line.startswith("METHOD ") for line in lines)
    assert not any(line.endswith(" ") for line in lines)


def test_with_tls(tmp_path: Path) -> None:
    files, store = Renewable(tmp_path), tmp_path / "unisono.db"
    with serving(store, *files.flags) as server:
        assert run(*asked(server, store, *files.flags)).exit_code == 0


def test_by_a_socket_of_unix(tmp_path: Path) -> None:
    store, door = tmp_path / "unisono.db", f"unix:{tmp_path}/door"
    flags = ("--listen", door, "--transport", "http")
    with serving(store, *flags):
        assert run("stats", "--store", url(store), *flags).exit_code == 0


def test_behind_the_header_of_a_proxy_on_this_machine(tmp_path: Path) -> None:
    """The command names nobody in it, so that it is on this machine itself."""
    store = tmp_path / "unisono.db"
    flags = ("--transport", "http", "--trusted-proxies", "127.0.0.1", "--proxy-protocol")
    with serving(store, *flags) as server:
        assert run(*asked(server, store, *flags)).exit_code == 0


def test_after_a_restart_the_key_is_the_same(tmp_path: Path) -> None:
    store = tmp_path / "unisono.db"
    keys = set()
    for _ in range(2):
        with serving(store) as server:
            assert run(*asked(server, store)).exit_code == 0
        keys.add(store.with_name("unisono.db.admin-key").read_text())
    assert len(keys) == 1


def test_of_another_store_there_is_no_key(server: ServerProcess, tmp_path: Path) -> None:
    result = run(*asked(server, tmp_path / "unisono.db"))
    assert result.exit_code == 2
    assert f"there is no admin key {tmp_path}/unisono.db.admin-key" in said(result)


def test_the_key_of_another_server_is_not_taken(server: ServerProcess, tmp_path: Path) -> None:
    key = tmp_path / "unisono.db.admin-key"
    key.touch(0o600)
    key.write_text("a key of nobody here with more than 32 bytes")
    result = run(*asked(server, tmp_path / "unisono.db"))
    assert result.exit_code == 1
    assert "it has to be the server that uses this store" in said(result)


def test_nobody_is_there(store: Path, server: ServerProcess) -> None:
    result = run("stats", "--store", url(store), "--listen", "127.0.0.1:1")
    assert result.exit_code == 1
    assert "does not answer" in said(result)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_key_that_one_may_not_read(server: ServerProcess, store: Path, tmp_path: Path) -> None:
    key = tmp_path / "unisono.db.admin-key"
    key.touch(0o000)
    result = run(*asked(server, tmp_path / "unisono.db"))
    assert result.exit_code == 2
    assert "run this as the user that the server runs as" in said(result)
