"""Hosts of one name are different devices, and a device with a storage stays the one that it was."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.unisono import Cli, environment, objects
from unisono.client.cli.service import installation, this_device

LIVE = "● live"

#: The command on a host whose machine id is in a file.
ON_A_HOST = """
from unisono.client.cli.service import installation
installation.MACHINE_IDS = ({file!r},)
from unisono.client.cli import main
main()
"""


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the machine id of a host, which has none yet, nor anything in the user's state."""
    file = tmp_path / "machine-id"
    monkeypatch.setattr(installation, "MACHINE_IDS", (str(tmp_path / "none"), str(file)))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return file


def test_the_machine_id_tells_hosts_apart_and_is_not_told(host: Path, tmp_path: Path) -> None:
    tags = []
    for machine_id in ("1" * 32, "2" * 32, "1" * 32 + "\n"):
        host.write_text(machine_id)
        tags.append(installation.installation())
        assert len(tags[-1]) == 8
        assert tags[-1] not in machine_id
    assert tags[0] == tags[2] != tags[1]
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("text", [None, "", "uninitialized\n", "x" * 32, "../../etc/passwd"])
def test_a_host_without_one_keeps_one_of_its_own(host: Path, tmp_path: Path, text: str | None) -> None:
    if text is not None:
        host.write_text(text)
    tag = installation.installation()
    assert len(tag) == 8
    assert installation.installation() == tag
    assert [path.name for path in (tmp_path / "state" / "unisono").iterdir()] == ["installation"]

    # When another process was faster to write it
    (tmp_path / "state" / "unisono" / "installation").write_text("0123abcd")
    assert installation.installation() == "0123abcd"


def test_where_nothing_can_be_kept_there_is_no_such_part(host: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    assert installation.installation() == ""
    assert "--" not in this_device.endpoint_id()


@contextmanager
def listening(user: Cli, machine_id: Path) -> Iterator["subprocess.Popen[str]"]:
    """`unisono listen` without a terminal, on a host with this machine id."""
    with subprocess.Popen(
        (sys.executable, "-c", ON_A_HOST.format(file=str(machine_id)), "listen", "--json"),
        env=environment(**user.access),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert objects(process.stdout.readline())[0]["status"] == "live"
            yield process
        finally:
            process.terminate()


def test_two_hosts_of_one_name_listen_at_the_same_time(app: Cli, user: Cli, ada: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("1" * 32)
    second.write_text("2" * 32)
    with listening(user, first) as one, listening(user, second) as other:
        app.run("send", ada, "Hello")
        for process in (one, other):
            assert process.stdout is not None
            assert objects(process.stdout.readline())[0]["notification"]["title"] == "Hello"
            assert process.poll() is None
    ids = [device["endpoint_id"] for device in user.json_lines("devices")]
    assert len(ids) == 2


def test_a_device_with_a_storage_stays_who_it_was(user: Cli, tmp_path: Path) -> None:
    keep = ("listen", "--storage", f"{tmp_path}/inbox.db")
    with user.started(*keep, "--endpoint", "as-it-was-called-before") as before:
        before.until(LIVE)
        before.end()
    with user.started(*keep) as now:
        now.until(LIVE)
    assert [row["endpoint_id"] for row in user.json_lines("devices")] == ["as-it-was-called-before"]
