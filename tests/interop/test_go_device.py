"""The example device in Go, written by docs/devices.md alone, with a server, and with a bad one."""

import asyncio
import re
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from tests.support import tokens
from tests.support.go_device import FOLDER, PROGRAM, TESTS, GoDevice, require_go, write_anew
from tests.support.processes import TIMEOUT, ServerProcess
from tests.support.proxies import proxied
from tests.support.stub_server import Fault, scripted
from unisono.client import Publisher, UserActionState
from unisono.v1 import feed_service_pb2 as pb

Start = Callable[..., GoDevice]


@pytest.fixture
async def start(tmp_path: Path, user_id: str) -> AsyncIterator[Start]:
    """Make devices of a user, which end with the test."""
    require_go()
    made: list[GoDevice] = []

    def make(address: str, endpoint_id: str = "go", token: str = "") -> GoDevice:
        folder = tmp_path / f"{len(made)}"
        made.append(GoDevice(folder, address, token or tokens.device(user_id), endpoint_id))
        return made[-1]

    yield make
    for device in made:
        await device.end()


@pytest.fixture
async def backend(server: ServerProcess) -> AsyncIterator[Publisher]:
    async with Publisher(server.address, tokens.publisher()) as backend:
        yield backend


def rung(device: GoDevice) -> list[tuple[str, int]]:
    return [(ring["id"], ring["alert_revision"]) for ring in device.told("ring")]


async def test_it_holds_and_rings_what_is_sent(
    start: Start, server: ServerProcess, backend: Publisher, user_id: str
) -> None:
    device = await start(server.address).start()
    await device.until(lambda device: device.revision == 0)

    sent = await backend.send(user_id, title="Hello")
    await device.until(lambda device: device.told("ring"))

    assert device.told("point")[-1]["rows"] == [
        {"id": sent.id, "title": "Hello", "revision": sent.revision, "unread": True}
    ]
    assert device.told("point")[-1]["unread"] == 1
    assert rung(device) == [(sent.id, sent.revision)]


async def test_what_it_reads_is_settled_on_the_others(
    start: Start, server: ServerProcess, backend: Publisher, user_id: str
) -> None:
    one, other = await start(server.address, "one").start(), await start(server.address, "other").start()
    sent = await backend.send(user_id, title="Hello")
    await one.until(lambda device: device.revision == sent.revision)

    one.say(f"read {sent.id}")

    await other.until(lambda device: device.revision > sent.revision)
    assert other.told("point")[-1]["unread"] == 0
    assert not other.told("point")[-1]["rows"][0]["unread"]


async def test_a_process_that_was_killed_goes_on_where_it_was(
    start: Start, server: ServerProcess, backend: Publisher, user_id: str
) -> None:
    device = await start(server.address).start()
    await device.until(lambda device: device.revision == 0)
    first = await backend.send(user_id, title="First")
    await device.until(lambda device: device.told("ring"))

    await device.end(signal.SIGKILL)
    missed = [await backend.send(user_id, title=f"Missed {n}") for n in range(3)]
    await device.start()
    await device.until(lambda device: len(device.told("ring")) > 1)

    welcomes = [message["welcome"] for message in device.told("message") if "welcome" in message]
    assert [bool(welcome.get("resumed")) for welcome in welcomes] == [False, True]
    assert rung(device) == [(first.id, first.revision), (missed[-1].id, missed[-1].revision)]
    assert device.told("point")[-1]["unread"] == 4


async def test_it_takes_a_token_anew_when_its_own_has_expired(
    start: Start, server: ServerProcess, user_id: str
) -> None:
    device = await start(server.address, token=tokens.device(user_id, exp=int(time.time()) + 2)).start()
    await device.until(lambda device: device.revision == 0)

    write_anew(device.token, tokens.device(user_id))
    await device.until(lambda device: len(device.told("subscribe")) == 2 and device.told("point")[1:])

    assert [ended["why"] for ended in device.told("ended")] == ["TOKEN_EXPIRED"]


async def test_another_stream_of_its_endpoint_ends_it(start: Start, server: ServerProcess) -> None:
    older = await start(server.address, "same").start()
    await older.until(lambda device: device.revision == 0)

    await start(server.address, "same").start()

    assert await older.ended() == 1
    assert older.told("ended")[-1]["why"] == "SUPERSEDED"


@pytest.mark.thorough
async def test_nor_does_one_that_was_replaced_while_it_stood_still(
    start: Start, server: ServerProcess
) -> None:
    """The Goodbye waits in its buffers; and it may stand still for 10 s."""
    older = await start(server.address, "same").start()
    await older.until(lambda device: device.live)
    older.send_signal(signal.SIGSTOP)
    newer = await start(server.address, "same").start()
    await newer.until(lambda device: device.live)
    await asyncio.sleep(12)

    older.send_signal(signal.SIGCONT)

    assert await older.ended() == 1
    assert older.told("ended")[-1]["why"] == "SUPERSEDED"
    assert newer.live


def test_it_does_what_the_vectors_expect() -> None:
    require_go()
    ended = subprocess.run([TESTS], cwd=FOLDER, capture_output=True, text=True, timeout=TIMEOUT)
    assert (ended.returncode, ended.stdout) == (0, "PASS\n")


def test_its_options_are_as_its_readme_says() -> None:
    require_go()
    readme = (FOLDER / "README.md").read_text()
    told = subprocess.run([PROGRAM, "-h"], capture_output=True, text=True, timeout=TIMEOUT).stderr
    options = set(re.findall(r"[ `](-[a-z]+(?:-[a-z]+)*)\b", readme)) - {"-h"}
    assert {"-token-file", "-trace"} < options
    assert options <= set(re.findall(r"^  (-[a-z-]+)", told, re.MULTILINE))


BARE = ("INTERNAL", "UNAUTHENTICATED", "UNIMPLEMENTED")


async def test_it_comes_back_after_whatever_says_nothing_of_the_service(start: Start) -> None:
    # Given a proxy that answers for the server, as each does in its own way, and then a server
    asked: list[pb.SubscribeRequest] = []

    async def subscribe(request: pb.SubscribeRequest) -> AsyncIterator[pb.SubscribeResponse]:
        asked.append(request)
        if len(asked) <= len(BARE):
            raise Fault(grpc.StatusCode[BARE[len(asked) - 1]])
        welcome = pb.Welcome(resumed=bool(request.resume_token))
        welcome.heartbeat_interval.FromSeconds(5)
        yield pb.SubscribeResponse(welcome=welcome)
        yield pb.SubscribeResponse(synced=pb.Synced(), complete=True, revision=7, resume_token=b"7")
        raise Fault(grpc.StatusCode.INTERNAL)

    async with scripted() as proxy:
        proxy.stream("Subscribe", subscribe)
        device = await start(proxy.target).start()

        # When the server was there once, and its stream broke
        await device.until(lambda device: len(device.told("point")) == 2)

    # Then the device came back each time, in the end from where it was
    assert [ended["code"] for ended in device.told("ended")[:4]] == [13, 16, 12, 13]
    assert [request.resume_token for request in asked[:5]] == [b"", b"", b"", b"", b"7"]


async def test_a_newer_decision_stays_when_an_older_one_comes_late(
    start: Start, server: ServerProcess, backend: Publisher, user_id: str
) -> None:
    # Given a device that dismisses two while it has no connection, and one of them opened elsewhere
    async with proxied(server.address) as proxy:
        device = await start(proxy.target).start()
        await device.until(lambda device: device.revision == 0)
        rows = [await backend.send(user_id, title=title) for title in ("Opened", "Left alone")]
        await device.until(lambda device: device.revision == rows[-1].revision)
        proxy.block()
        await device.until(lambda device: not device.live)
        for row in rows:
            device.say(f"dismiss {row.id}")
        await device.until(lambda device: device.told("shown")[-1]["badge"] == 0)
        await backend.mark(user_id, rows[0].id, user_action_state=UserActionState.ACTIVATED)

        # When it is back
        proxy.unblock()
        await device.until(lambda device: device.live and device.revision > rows[-1].revision + 1)

    # Then the newer decision stays, and the other one came through
    listed = {row.id: row.user_action_state async for row in backend.list(user_id)}
    assert listed == {rows[0].id: UserActionState.ACTIVATED, rows[1].id: UserActionState.DISMISSED}
    assert device.told("shown")[-1]["badge"] == 1


async def test_what_has_passed_is_not_shown(
    start: Start, server: ServerProcess, backend: Publisher, user_id: str
) -> None:
    device = await start(server.address).start()
    await device.until(lambda device: device.revision == 0)

    await backend.send(user_id, title="Soon over", display_time_to_live=timedelta(seconds=1))
    await device.until(lambda device: device.told("point")[-1]["unread"] == 1)

    # Where the machine was slow, it was never shown.
    await device.until(lambda device: device.told("shown")[-1:] in ([], [{"badge": 0, "rows": []}]))
    assert device.told("point")[-1]["unread"] == 1
