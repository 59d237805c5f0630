"""Only those signals end a server that are meant to, and no log that nobody reads any more does."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from structlog.testing import capture_logs

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.devices import Device
from tests.support.nodes import Client
from tests.support.processes import COMMAND, TESTERS, TIMEOUT, ServerProcess, serving, url
from tests.support.rpc_errors import raises_status
from unisono.client import create_channel
from unisono.server.app.signals import Signals

RELOAD = "reloaded"
OTHER = "signal without a meaning"

#: What each that is not to stop a server leaves in its log.
SIGNALS = {
    signal.SIGHUP: '"event": "reloaded"',
    signal.SIGUSR1: '"signal": "SIGUSR1"',
    signal.SIGUSR2: '"signal": "SIGUSR2"',
}


async def test_streams_go_on_after_a_signal_that_is_not_to_stop(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db") as server:
        async with create_channel(server.address) as channel:
            phone = await Device(Client(channel, tokens.device("ada")), "phone").connect()
            for number, logged in SIGNALS.items():
                server.signal(number)
                await asyncio.to_thread(server.matching, logged)
                sent = await ApiClient(Client(channel, tokens.publisher()), user_id="ada").send()
                await phone.at(sent.revision)
            await phone.disconnect()
        await asyncio.to_thread(server.several_until, RELOAD, 2)
        server.signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.ended) == 0
    reloaded = [(entry["what"], entry["level"]) for entry in server.entries(RELOAD)]
    assert reloaded == [("the keys of issuers", "info"), ("the hooks", "info")]
    assert [entry["level"] for entry in server.entries(OTHER)] == ["info"] * 2


def test_a_signal_while_it_starts_does_not_end_it(tmp_path: Path) -> None:
    command = (*COMMAND, "serve", "--listen", "127.0.0.1:0", "--store", url(tmp_path / "unisono.db"))
    server = ServerProcess((*command, "--log-format", "json"), TESTERS)
    try:
        server.until("open files")
        server.signal(signal.SIGHUP)
        server.until("serving")
        server.until(RELOAD)
    finally:
        server.end()


async def test_sighup_reloads_each_part_whatever_becomes_of_the_others() -> None:
    signals, reloaded = Signals(), asyncio.Event()

    def fail() -> None:
        raise OSError(13, "Permission denied")

    signals.on_reload("one", fail)
    signals.on_reload("two", reloaded.set)
    with capture_logs() as entries:
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(TIMEOUT):
            await reloaded.wait()
    assert [(entry["event"], entry["what"]) for entry in entries] == [
        ("not reloaded", "one"),
        ("reloaded", "two"),
    ]


async def test_calls_do_not_fail_when_nobody_reads_the_log_any_more(tmp_path: Path) -> None:
    with unheard(tmp_path / "unisono.db") as (server, address):
        async with create_channel(address) as channel:
            backend = ApiClient(Client(channel, tokens.publisher()), user_id="ada")
            for _ in range(3):
                with raises_status("NOT_FOUND", "NOTIFICATION_NOT_FOUND"):
                    await backend.get(key="no such key")
            assert (await backend.send()).id
        server.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.wait, TIMEOUT) == 0


@contextmanager
def unheard(store: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A server whose log is read until it serves, and no further; and its address."""
    command = (*COMMAND, "serve", "--listen", "127.0.0.1:0", "--store", url(store), "--log-format", "json")
    with subprocess.Popen(command, env={**TESTERS}, stderr=subprocess.PIPE, encoding="utf-8") as server:
        try:
            assert server.stderr is not None
            entries = (json.loads(line) for line in server.stderr)
            address = next(entry["address"] for entry in entries if entry["event"] == "serving")
            server.stderr.close()
            yield server, address
        finally:
            server.kill()
