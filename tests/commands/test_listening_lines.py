"""listen where nobody looks at a screen: a line, or an object, for each thing that happens."""

import asyncio
import os
import signal
import socket
import subprocess
from dataclasses import fields
from datetime import timedelta

import pytest

from tests.commands.unisono import COMMAND, Cli, environment, objects
from tests.support import tokens
from tests.support.processes import TIMEOUT, ServerProcess
from tests.support.proxies import proxied
from unisono.client import Backoff, BlockingPublisher, Notification, Platform, Timing
from unisono.client.cli.listen import device as device_module
from unisono.client.cli.listen.device import Listening, timing
from unisono.client.cli.service.access import Access

LIVE = "● live"


def test_first_what_is_there_and_then_what_happens(app: Cli, user: Cli, ada: str) -> None:
    app.stdout("send", ada, "Before")
    with user.started("listen", "--endpoint", "laptop") as listening:
        listening.until(LIVE)
        sent = app.stdout("send", ada, "Hello \x1b[2J").strip()
        listening.until("Hello")
        user.stdout("mark", sent, "--read", "--endpoint", "phone")
        listening.until(": read")
        user.stdout("delete", sent, "--endpoint", "phone")
        listening.until("  - ")
        listening.signal(signal.SIGTERM)
        assert listening.ended() == 0
    assert listening.out == [
        "  ● Before",
        "♪ + Hello \ufffd[2J",
        "  = Hello \ufffd[2J: read",
        "  - Hello \ufffd[2J",
    ]
    assert listening.err == ["● live, 1 unread"]


def test_what_has_passed_is_not_there(app: Cli, user: Cli, ada: str) -> None:
    with BlockingPublisher(app.access["UNISONO_TARGET"], app.access["UNISONO_TOKEN"]) as backend:
        backend.send(ada, title="For a moment", display_time_to_live=timedelta(milliseconds=1))
        backend.send(ada, title="For long")
    with user.started("listen", "--endpoint", "laptop") as listening:
        listening.until(LIVE)
        listening.signal(signal.SIGTERM)
        assert listening.ended() == 0
    assert (listening.out, listening.err) == (["  ● For long"], ["● live, 1 unread"])


def test_programs_get_objects(app: Cli, user: Cli, ada: str) -> None:
    app.stdout("send", ada, "Before")
    with user.started("listen", "--json", "--endpoint", "laptop") as listening:
        listening.until('"status":"live"')
        sent = app.stdout("send", ada, "Hello").strip()
        listening.until('"created"')
        user.stdout("mark", sent, "--dismiss", "--endpoint", "phone")
        listening.until('"state_changed"')
        app.stdout("delete", sent, "--user", ada)
        listening.until('"deleted"')
        listening.signal(signal.SIGTERM)
        assert (listening.ended(), listening.err) == (0, [])
    held, status, created, marked, deleted = objects("\n".join(listening.out))
    assert set(held) == {"event", "notification"}
    assert held["event"] == "held"
    assert status == {"event": "status", "status": "live", "error": "", "unread_count": 1, "revision": 1}
    events = (created, marked, deleted)
    assert [set(event) for event in events] == 3 * [
        {
            *("event", "notification", "ring", "removed", "revision", "unread_count"),
            "origin_endpoint_id",
        }
    ]
    assert set(created["notification"]) == {field.name for field in fields(Notification)}
    assert [event["event"] for event in events] == ["created", "state_changed", "deleted"]
    assert [event["ring"] for event in events] == [True, False, False]
    assert [event["removed"] for event in events] == [False, False, True]
    assert [event["unread_count"] for event in events] == [2, 1, 1]
    assert [event["origin_endpoint_id"] for event in events] == ["", "phone", ""]


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)]
)
def test_it_ends_in_good_order(user: Cli, number: signal.Signals, status: int) -> None:
    with user.started("listen", "--endpoint", "laptop") as listening:
        listening.until(LIVE)
        listening.signal(number)
        assert listening.ended() == status
    assert [line for line in listening.err if line] == ["● live, 0 unread"]


def test_ctrl_c_ends_a_call_that_waits() -> None:
    # Given a server that takes connections, and never says anything
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(TIMEOUT)
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with Cli(address, "token").started("list", "--timeout", "60s") as listing:
            connection, _ = silent.accept()
            # When Ctrl-C is pressed, then it ends at once
            listing.signal(signal.SIGINT)
            assert listing.ended() == 130
            connection.close()
    assert [line for line in listing.err if line] == []


async def test_it_says_when_the_server_goes_and_comes_back(server: ServerProcess, app: Cli, ada: str) -> None:
    async with proxied(server.address) as proxy:
        user = Cli(proxy.target, tokens.device(ada))
        with user.started("listen", "--endpoint", "laptop") as listening:
            await asyncio.to_thread(listening.until, LIVE)
            proxy.block()
            await asyncio.to_thread(listening.until, "○ offline: ")
            await asyncio.to_thread(app.stdout, "send", ada, "Meanwhile")
            proxy.unblock()
            await asyncio.to_thread(listening.until, "♪ + Meanwhile")
            await asyncio.to_thread(listening.until, "● live, 1 unread")
    assert listening.out == ["♪ + Meanwhile"]


async def test_it_says_that_nothing_comes_and_goes_on_waiting(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a server that takes connections and never says anything, and a device that soon says so
    monkeypatch.setattr(device_module, "timing", lambda *_, **__: Timing(first_message_timeout=0.02))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"127.0.0.1:{silent.getsockname()[1]}"
        listening = asyncio.create_task(a_listener(target).listen())
        said = ""
        async with asyncio.timeout(TIMEOUT):
            while "\n" not in said:
                await asyncio.sleep(0.01)
                said += capsys.readouterr().err
        assert said.startswith(f"nothing has come from {target} for 0.02 s, and the device goes on waiting")
        assert not listening.done()
        listening.cancel()
        await asyncio.wait([listening])


def a_listener(target: str) -> Listening:
    """One that writes lines."""
    access = Access(
        target=target,
        token="x",
        token_command="",
        connection={},
        timeout=10.0,
        app=False,
        as_json=False,
    )
    return Listening(
        access=access,
        endpoint_id="laptop",
        display_name="",
        platform=Platform.LINUX,
        storage=None,
        ephemeral=False,
        plain=True,
        bell=False,
    )


def test_what_was_kept_does_not_ring_again(app: Cli, user: Cli, ada: str, tmp_path: os.PathLike[str]) -> None:
    keep = ("listen", "--storage", f"{tmp_path}/inbox.db", "--endpoint", "laptop")
    app.stdout("send", ada, "First")
    with user.started(*keep) as listening:
        listening.until("First")
        listening.until(LIVE)
        listening.signal(signal.SIGTERM)
        listening.ended()
    app.stdout("send", ada, "Second")
    with user.started(*keep) as listening:
        listening.until("♪ + Second")
        listening.signal(signal.SIGTERM)
        assert listening.ended() == 0
    assert listening.out == ["  ● First", "♪ + Second"]


def test_two_that_are_the_same_device_are_told(user: Cli) -> None:
    with user.started("listen", "--endpoint", "same") as first:
        first.until(LIVE)
        with user.started("listen", "--endpoint", "same") as second:
            second.until(LIVE)
            assert first.ended() == 1
    assert "give each its own --endpoint" in first.err[-1]


def test_who_looks_at_a_screen_waits_less_for_the_server() -> None:
    assert timing(10.0, watched=True).backoff.maximum == 5.0
    assert timing(10.0, watched=False).backoff.maximum == Backoff().maximum == 20.0


def test_a_platform_stays_as_it_was_registered(user: Cli) -> None:
    with user.started("listen", "--endpoint", "laptop", "--platform", "linux") as listening:
        listening.until(LIVE)
    ended = user.run("listen", "--endpoint", "laptop", "--platform", "ios")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "give --platform linux, or name another --endpoint" in ended.stderr


def test_whoever_reads_may_leave(app: Cli, user: Cli, ada: str) -> None:
    ours, its = os.pipe()
    with subprocess.Popen(
        (*COMMAND, "listen", "--endpoint", "laptop"),
        env=environment(**user.access),
        stdout=its,
        stderr=subprocess.PIPE,
        text=True,
    ) as listening:
        try:
            os.close(its)
            assert listening.stderr is not None
            assert listening.stderr.readline() == "● live, 0 unread\n"
            os.close(ours)
            app.stdout("send", ada, "Hello")
            _, complaints = listening.communicate(timeout=TIMEOUT)
        finally:
            listening.kill()
    assert (listening.returncode, complaints) == (1, "")
