"""Commands reach the server of their own settings, where that listens at a unix socket or behind a proxy."""

import stat
from pathlib import Path

import pytest

from tests.e2e.renewable import Renewable
from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client
from tests.support.processes import TESTERS, run, serving
from unisono.client import create_channel

HTTP = {**TESTERS, "UNISONO_TRANSPORT": "http"}
AUTO = {**TESTERS, "UNISONO_TRANSPORT": "auto"}
PROXIED = ("--proxy-protocol", "--trusted-proxies")


@pytest.fixture
def socket(tmp_path: Path) -> str:
    """The address of a unix socket."""
    return f"unix:{tmp_path / 'unisono.sock'}"


def health(*flags: str | Path) -> tuple[int, str]:
    done = run("health", *flags, env=HTTP)
    return done.returncode, done.stdout + done.stderr


async def test_a_unix_socket(tmp_path: Path, socket: str) -> None:
    store = tmp_path / "unisono.db"
    with serving(
        store, "--listen", socket, env=AUTO, under=("sh", "-c", 'umask 0077 && exec "$@"', "-")
    ) as server:
        assert (server.address, server.until("serving")["transport"]) == (socket, "http")
        assert health("--listen", socket) == (0, "SERVING\n")
        shown = run("stats", "--listen", socket, "--store", f"sqlite:///{store}", env=AUTO)
        assert shown.returncode == 0, shown.stderr
        async with create_channel(socket) as channel:
            await ApiClient(Client(channel, tokens.publisher()), user_id="ada").send()
        assert stat.filemode((tmp_path / "unisono.sock").stat().st_mode) == "srwx------"
    assert not (tmp_path / "unisono.sock").exists()
    assert health("--listen", socket)[0] == 1


def test_a_unix_socket_with_tls(tmp_path: Path, socket: str) -> None:
    files = Renewable(tmp_path)
    with serving(tmp_path / "unisono.db", "--listen", socket, *files.flags, env=HTTP):
        assert health("--listen", socket, *files.flags) == (0, "SERVING\n")


@pytest.mark.parametrize("trusted", ["127.0.0.0/8", "10.0.0.0/8"], ids=["this machine", "others"])
@pytest.mark.parametrize("tls", [False, True])
def test_where_proxies_begin_with_a_header(tmp_path: Path, trusted: str, tls: bool) -> None:
    """Those of this machine have to, and others must not."""
    flags = Renewable(tmp_path).flags if tls else ()
    store = tmp_path / "unisono.db"
    with serving(store, *PROXIED, trusted, *flags, env=HTTP) as server:
        asked = ("--listen", server.address, *PROXIED, trusted, *flags)
        assert health(*asked) == (0, "SERVING\n")
        shown = run("stats", *asked, "--store", f"sqlite:///{store}", env=HTTP)
        assert shown.returncode == 0, shown.stderr
    assert not server.entries("proxy_header_refused")
    code, said = health(*asked)
    assert (code, said.count("\n")) == (1, 1)


def test_a_unix_socket_of_a_trusted_proxy(tmp_path: Path, socket: str) -> None:
    with serving(tmp_path / "unisono.db", "--listen", socket, *PROXIED, "unix", env=HTTP):
        assert health("--listen", socket, *PROXIED, "unix") == (0, "SERVING\n")
