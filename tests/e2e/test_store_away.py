"""A server whose store cannot be used says that it does not serve, and serves again when it can."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client
from tests.support.processes import ServerProcess, run, serving
from tests.support.rpc_errors import raises_status
from unisono.client import create_channel


def health(server: ServerProcess) -> tuple[int, str]:
    """The exit status of the command, and what it said."""
    done = run("health", "--listen", server.address)
    return done.returncode, done.stdout + done.stderr


def limit_files(server: ServerProcess, size: str) -> None:
    """Have the disk refuse what a server writes beyond this size: SQLite calls that a disk I/O error."""
    subprocess.run(["prlimit", f"--pid={server.pid}", f"--fsize={size}:"], check=True)


async def test_a_disk_that_refuses_to_be_written(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db") as server:
        async with create_channel(server.address) as channel:
            app = ApiClient(Client(channel, tokens.publisher()), user_id="ada")
            sent = await app.send("First")
            assert health(server) == (0, "SERVING\n")

            limit_files(server, "0")
            with raises_status("UNAVAILABLE", "OUTCOME_UNKNOWN"):
                await app.send("Second")
            away = await asyncio.to_thread(server.until, "the store is away")
            assert away["level"] == "error"
            await asyncio.to_thread(server.matching, "disk I/O error")
            assert health(server) == (1, f"Error: the server at {server.address} says NOT_SERVING\n")
            assert (await app.get(sent.id)).id == sent.id

            limit_files(server, "unlimited")
            await asyncio.to_thread(server.until, "the store is back")
            assert health(server) == (0, "SERVING\n")
            await app.send("Third")


@pytest.mark.parametrize("name", ["unisono.db", "unisono.db-wal"])
async def test_a_file_that_was_moved_away(tmp_path: Path, name: str) -> None:
    """Nobody has called meanwhile: what is looked at each second shows it."""
    with serving(tmp_path / "unisono.db") as server:
        (tmp_path / name).rename(tmp_path / "elsewhere")
        await asyncio.to_thread(server.until, "the store is away")
        assert health(server)[0] == 1

        (tmp_path / "elsewhere").rename(tmp_path / name)
        await asyncio.to_thread(server.until, "the store is back")
        assert health(server)[0] == 0
