"""`unisono-verify` at a real server: it judges what happened, and leaves everything as it was."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.unisono import Cli
from tests.guarantees.patches import Patch, patched
from tests.support import tokens
from tests.support.clocks import AheadClock
from tests.support.nodes import Setup, running
from tests.support.processes import TESTERS, ServerProcess, serving
from tests.verify.command import Ended, at, run, started
from unisono.client import BlockingPublisher, Notification, ReadState, UserActionState
from unisono.verify.checker import PROMISES

BADGES_DRIFT = Patch(
    file="core/session.py",
    old="unread_count = feed.unread_count(self._audience)",
    new="unread_count = feed.unread_count(self._audience) + (feed.revision % 7 == 0)",
)

#: What a client alone cannot see.
INSIDE = {"Bounded", "Drained", "Fair"}


def everything(server: ServerProcess, user: str) -> tuple[list[Notification], list[str]]:
    """What a user has: the notifications, and the ids of the devices."""
    with BlockingPublisher(server.address, tokens.publisher()) as backend:
        devices = backend.list_endpoints(user)
        return list(backend.list(user)), [device.endpoint_id for device in devices]


def well(ended: Ended) -> dict[str, Any]:
    """The report of a run in which all went well, and everything was kept that could be judged."""
    report: dict[str, Any] = json.loads(ended.stdout)
    evidence = {name: promise["evidence"] for name, promise in report["promises"].items()}
    assert evidence == {name: [] for name in PROMISES}
    assert (ended.returncode, ended.stderr) == (0, "")
    return report


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    """What was found of each promise."""
    return {name: promise["outcome"] for name, promise in report["promises"].items()}


def test_a_server_keeps_its_promises(server: ServerProcess, ada: str, bob: str, tmp_path: Path) -> None:
    # When two users are tried for some seconds, or for longer where the machine has no time
    wanted = {name: "not_judged" if name in INSIDE else "kept" for name in PROMISES}
    file, report = tmp_path / "history.jsonl", dict[str, Any]()
    for seconds in (3, 10, 40):
        file.unlink(missing_ok=True)
        trying = ("--for", f"{seconds}s", "--rate", "50", "--seed", "7", "--json", "--save", str(file))
        report = well(run(*at(server.address, ada, bob), *trying))
        if outcomes(report) == wanted:
            break

    # Then what could be judged is kept, by checks that are there
    assert outcomes(report) == wanted
    assert (report["app"], report["users"], report["seed"]) == ("mail.test", [ada, bob], 7)
    assert report["stats"]["cuts"] > 0
    assert report["stats"]["sends_acknowledged"] > 0
    assert report["promises"]["Isolated"]["checks"]["tries of another's"] == 4

    # And nothing is left, and the file tells the same
    assert everything(server, ada) == everything(server, bob) == ([], [])
    assert well(run("judge", str(file), "--json")) == report


def test_people_get_lines(server: ServerProcess, ada: str) -> None:
    ended = run(*at(server.address, ada), "--for", "1s", "--no-faults", "--seed", "7")
    assert ended.returncode == 0
    assert "traffic for 1 s" in ended.stderr.splitlines()
    lines = ended.stdout.splitlines()
    assert max(map(len, lines)) < 80
    assert f"users                {ada}" in lines
    assert "Resumable   not judged  there were no resumes" in lines
    assert any(line.startswith("Exact       kept ") and line.endswith(" complete points") for line in lines)
    assert lines[-1].endswith("not judged")


def test_what_is_there_already_is_left_alone_and_alarms_nobody(
    server: ServerProcess, ada: str, bob: str
) -> None:
    # Given a feed that holds notifications in several states, and a device
    with BlockingPublisher(server.address, tokens.publisher()) as backend:
        sent = [backend.send(ada, title=f"Old {number}", group_name="mail") for number in range(6)]
        backend.mark(ada, sent[0], read_state=ReadState.READ)
        backend.mark(ada, sent[1], user_action_state=UserActionState.DISMISSED)
    Cli(server.address, tokens.device(ada)).stdout("mark", sent[2].id, "--read", "--endpoint", "laptop")
    before = everything(server, ada)

    # When the user is tried, then all is kept, and all is as before
    well(run(*at(server.address, ada, bob), "--for", "1s", "--json"))
    assert everything(server, ada) == before
    assert [len(held) for held in before] == [6, 1]


def test_a_broken_server_is_found_out(tmp_path: Path, ada: str, bob: str) -> None:
    env = {**TESTERS, **patched([BADGES_DRIFT], tmp_path / "patched")}
    with serving(tmp_path / "unisono.db", env=env) as server:
        ended = run(*at(server.address, ada, bob), "--for", "2s")
    assert ended.returncode == 1
    assert "Exact       broken " in ended.stdout
    assert "unread_count is" in ended.stdout
    assert "1 broken" in ended.stdout.splitlines()[-1]


async def test_what_ends_the_run_early_is_said_after_the_report(ada: str, tmp_path: Path) -> None:
    # Given a run with a token that is good for an hour
    clock = AheadClock()
    token = tokens.device(ada, exp=clock.now() // 1000 + 3600)
    async with running(Setup(path=tmp_path / "unisono.db", clock=clock)) as node:
        with started(*at(node.target), f"--user={ada}={token}", "--for", "100s") as run:
            await asyncio.to_thread(run.until, "traffic")

            # When that hour is over in the middle of it
            clock.ahead = 3600
            status = await asyncio.to_thread(run.ended)

    # Then there is a report of what was until then, and why there is no more
    assert status == 1
    assert "Complete    kept" in run.report
    assert "the run failed: the access token has expired" in run.progress
    assert "could be removed" in run.progress
    assert "Traceback" not in run.progress


def test_a_command_prints_new_tokens_when_they_expire(
    server: ServerProcess, ada: str, tmp_path: Path
) -> None:
    # Given a command whose tokens are good for three seconds
    claims, printed = tokens.claims(sub=ada, scope=tokens.DEVICE_SCOPES), tmp_path / "printed"
    program = tmp_path / "mint.py"
    program.write_text(
        "import jwt, sys, time\n"
        f"print(jwt.encode({{**{claims!r}, 'exp': int(time.time()) + 3}}, {tokens.SECRET!r}))\n"
        f"print('one', file=open({str(printed)!r}, 'a'))\n"
    )
    command = ("--user", ada, "--token-command", f"{sys.executable} {program} {{user}}")

    # When there is a run of five, then it goes well, on one token after the other
    well(run(*at(server.address), *command, "--for", "5s", "--json"))
    assert printed.read_text().count("one") > 1


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 1)], ids=["Ctrl-C", "SIGTERM"]
)
def test_it_leaves_nothing_when_it_is_ended(
    server: ServerProcess, ada: str, number: signal.Signals, status: int
) -> None:
    with started(*at(server.address, ada), "--for", "60s") as run:
        run.until("traffic")
        run.signal(number)
        assert run.ended() == status
    assert "Traceback" not in run.progress
    assert everything(server, ada) == ([], [])
