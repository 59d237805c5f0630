"""`hook new` prints what a server and a sender need, and keeps the secret for nobody else."""

import hashlib
import json
import re
import stat
import tomllib
from pathlib import Path

import pytest

from tests.cli.command import process

ASKED = ("hook", "new", "--app", "demo", "--user", "ada", "--source")


def test_what_is_printed(tmp_path: Path) -> None:
    done = process(*ASKED, "alertmanager", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    lines, _, rest = done.stdout.partition("\n\n")
    (hook,) = tomllib.loads(lines)["hooks"]
    found = re.fullmatch(r"Address: (\S+)  \(.*\)\nSecret:  ([\w-]{43})  \(.*\)\n", rest)
    assert found
    assert found[1] == f"http://127.0.0.1:50051/hooks/{hook['id']}"
    assert hook == {
        "id": hook["id"],
        "app": "demo",
        "user": "ada",
        "source": "alertmanager",
        "secret_sha256": hashlib.sha256(found[2].encode()).hexdigest(),
    }
    assert len(hook["id"]) == 22
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [None, "a.secret"])
def test_a_secret_to_sign_with_is_in_a_file_of_the_owner(tmp_path: Path, name: str | None) -> None:
    file = () if name is None else ("--secret-file", name)
    done = process(*ASKED, "github", "--json", *file, folder=tmp_path)

    made = json.loads(done.stdout)
    (hook,) = tomllib.loads(made["config"])["hooks"]
    (kept,) = tmp_path.iterdir()
    assert (hook["secret_file"], name or f"hook-{hook['id']}.secret") == (str(kept), kept.name)
    assert kept.read_text() == made["secret"] + "\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    kept = tmp_path / "a.secret"
    kept.write_text("mine")
    done = process(*ASKED, "grafana", "--secret-file", kept, folder=tmp_path)

    assert done.returncode == 1
    assert "a.secret: File exists" in done.stderr
    assert (done.stdout, kept.read_text()) == ("", "mine")


def test_each_is_another(tmp_path: Path) -> None:
    made = [json.loads(process(*ASKED, "json", "--json", folder=tmp_path).stdout) for _ in range(2)]
    assert len({one["secret"] for one in made}) == len({one["address"] for one in made}) == 2


def test_names_that_toml_has_to_quote(tmp_path: Path) -> None:
    user = 'ada "the first" \\ of ü'
    done = process(
        "hook", "new", "--app", "demo", "--user", user, "--source", "json", "--json", folder=tmp_path
    )
    (hook,) = tomllib.loads(json.loads(done.stdout)["config"])["hooks"]
    assert hook["user"] == user


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--app", "other", "--user", "ada", "--source", "json", "--dev"), "none of the declared apps: demo"),
        (("--app", "demo", "--user", "", "--source", "json"), "must not be empty"),
        (("--app", "demo", "--user", "a\n", "--source", "json"), "control characters"),
        (("--app", "demo", "--user", "ada", "--source", "gitlab"), "'gitlab' is not one of"),
        (("--app", "demo", "--user", "ada"), "--source"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = process("hook", "new", *arguments, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
