"""Durable: what was answered OK is in the file, whatever happens to the process afterwards."""

import asyncio
import os
import signal
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import grpc
import pytest

from tests.guarantees.patches import Patch, patched
from tests.support import tokens
from tests.support.api_client import DISMISSED, READ, ApiClient, titled
from tests.support.load import SendLoad, holds
from tests.support.nodes import Client
from tests.support.processes import TESTERS, Environment, ServerProcess, serving
from tests.support.traces import RECEIVE, SEND, SystemCall, system_calls, tracer
from unisono.client import create_channel

ROUNDS = 3
ANSWERS_PER_ROUND = 200


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "unisono.db"


async def test_what_was_answered_ok_survives_kill_9(store: Path) -> None:
    # Given a server under load that is killed in the moment of an answer, again and again
    load = SendLoad()
    for _ in range(ROUNDS):
        with serving(store) as server:
            async with create_channel(server.address) as channel:
                await load.send(channel, after=ANSWERS_PER_ROUND, do=partial(kill, server))
            assert server.ended() == -signal.SIGKILL
    # When it comes back on the same file, then it has them all
    with serving(store) as server:
        async with create_channel(server.address) as channel:
            await holds(channel, load.answers)
    assert load.count >= ROUNDS * ANSWERS_PER_ROUND
    assert {failure.code() for failure in load.failures} == {grpc.StatusCode.UNAVAILABLE}


async def test_changes_of_every_kind_survive_kill_9(store: Path) -> None:
    # Given one notification that was rewritten, one that was handled on a device, and one that was withdrawn
    with serving(store) as server:
        async with create_channel(server.address) as channel:
            backend, phone = callers(channel)
            await phone.register()
            rewritten, handled, withdrawn = [(await backend.send()).id for _ in range(3)]
            await backend.update(rewritten, content={"payload": titled("Anew")})
            await phone.mark(handled, read_state=READ, user_action_state=DISMISSED)
            await backend.delete(withdrawn)
            kill(server)
            assert server.ended() == -signal.SIGKILL
    # When the server comes back, then each is as it was left
    with serving(store) as server:
        async with create_channel(server.address) as channel:
            backend, phone = callers(channel)
            rows = {row.id: row for row in (await backend.history()).notifications}
            assert rows.keys() == {rewritten, handled}
            assert rows[rewritten].payload == titled("Anew")
            assert (rows[handled].read_state, rows[handled].user_action_state) == (READ, DISMISSED)
            assert (await phone.feed(endpoint_id="phone")).unread_count == 1


def kill(server: ServerProcess) -> None:
    os.kill(server.pid, signal.SIGKILL)


def callers(channel: grpc.aio.Channel) -> tuple[ApiClient, ApiClient]:
    """A backend, and a phone of the user that it speaks of."""
    backend = ApiClient(Client(channel, tokens.publisher()), user_id="ada")
    return backend, ApiClient(Client(channel, tokens.device("ada")), endpoint_id="phone")


async def test_the_answer_is_written_after_the_disk_has_synced(store: Path, tmp_path: Path) -> None:
    # Given a server whose calls into the system are traced, when backends send, then each was received,
    # written to the log, synced and answered, in this order
    for answered in await traced(store, tmp_path, TESTERS):
        assert "unisono.db-wal>" in answered.written.text
        assert answered.synced is not None
        assert "unisono.db-wal>" in answered.synced.text
        assert answered.synced.result == 0
        assert answered.synced.ended < answered.answered.began


async def test_a_server_that_does_not_wait_for_the_disk_is_caught(store: Path, tmp_path: Path) -> None:
    # Given a server that leaves it to the system when to write
    patch = Patch(
        file="store/sqlite/file.py", old="PRAGMA synchronous = FULL", new="PRAGMA synchronous = NORMAL"
    )
    env = {**TESTERS, **patched([patch], tmp_path / "patched")}
    # When backends send, then it answers before anything is synced
    for answered in await traced(store, tmp_path, env):
        assert answered.synced is None or answered.synced.ended > answered.answered.began


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a send was written, synced and answered; `synced` is None when the log never was."""

    written: SystemCall
    synced: SystemCall | None
    answered: SystemCall


async def traced(store: Path, folder: Path, env: Environment) -> list[Answered]:
    """What a server did for sends one after the other, and all at once."""
    trace = folder / "trace"
    titles = [f"notification-{number}-of-many" for number in range(12)]
    with serving(store, env=env, under=tracer(trace)) as server:
        async with create_channel(server.address) as channel:
            backend, _ = callers(channel)
            sent = [await backend.send(title) for title in titles[:4]]
            sent += await asyncio.gather(*(backend.send(title) for title in titles[4:]))
    calls = list(system_calls(trace))
    return [_answered(calls, title, result.id) for title, result in zip(titles, sent, strict=True)]


def _answered(calls: list[SystemCall], title: str, id_: str) -> Answered:
    received = one(calls, RECEIVE, title, after=0)
    written = one(calls, {"pwrite64"}, title, after=received.ended)
    return Answered(
        written=written,
        synced=first(calls, {"fdatasync"}, "-wal>", after=written.ended),
        answered=one(calls, SEND, id_, after=0),
    )


def one(calls: list[SystemCall], names: Collection[str], text: str, *, after: int) -> SystemCall:
    """The first call of these names and with this in its arguments that began after a place in the trace."""
    found = first(calls, names, text, after=after)
    assert found is not None, f"no {names} of {text}"
    return found


def first(calls: list[SystemCall], names: Collection[str], text: str, *, after: int) -> SystemCall | None:
    """The same, if there is one."""
    matching = (call for call in calls if call.name in names and text in call.text and call.began > after)
    return next(matching, None)
