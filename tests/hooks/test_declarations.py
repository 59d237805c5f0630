"""Hooks that cannot be are refused before a server starts, and what is wrong is said."""

from pathlib import Path

import pytest

from tests.cli.command import run
from tests.support.processes import TESTERS
from unisono.server.app.new_hook import NewHook

#: What is changed in the lines of a good hook, and what is said of it.
WRONG = {
    "an app that is gone": ('"mail.test"', '"gone.test"', "gone.test, which is not declared"),
    "a user that none can be": ('"ada"', '"a\\u0007"', "control characters"),
    "no user": ('"ada"', '""', "hooks[0].user"),
    "GitHub by a hash": ('"json"', '"github"', "needs secret_file"),
    "a source that is none": ('"json"', '"gitlab"', "hooks[0].source"),
    "an id of another form": ('id = "', 'id = "../', "22 letters"),
    "two secrets": ("secret_sha256", 'secret_file = "a"\nsecret_sha256', "and not both"),
    "a hash that is none": ('secret_sha256 = "', 'secret_sha256 = "x', "64 hexadecimal digits"),
    "a secret that is gone": ("secret_sha256", 'secret_file = "gone.secret"\n#', "gone.secret"),
    "fields of another source": (
        '"json"',
        '"grafana"\nfields = { title = "a" }',
        "source json alone",
    ),
    "a field that is none": ('"json"', '"json"\nfields = { titel = "a" }', "titel"),
    "a path that is none": ('"json"', '"json"\nfields = { title = "a..b" }', "one to eight names"),
    "a line that is none": ('"json"', '"json"\nscret = "a"', "scret is no setting"),
}


def checked(file: Path, lines: str, **environ: str) -> tuple[int, str]:
    """Return the exit status of a check of a configuration with these lines, and what it says."""
    file.write_text(lines)
    store = f"sqlite:///{file.with_name('unisono.db')}"
    done = run("config", "--check", "--store", store, "--config", file, **{**TESTERS, **environ})
    return done.exit_code, done.output


def test_a_good_hook(tmp_path: Path) -> None:
    made = NewHook.make("mail.test", "ada", "json", None)
    assert checked(tmp_path / "unisono.toml", made.lines) == (0, "")


@pytest.mark.parametrize(("good", "wrong", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_hook(tmp_path: Path, good: str, wrong: str, said: str) -> None:
    made = NewHook.make("mail.test", "ada", "json", None)
    status, output = checked(tmp_path / "unisono.toml", made.lines.replace(good, wrong))
    assert status in (1, 2)
    assert said in output


def test_grpcio_has_none(tmp_path: Path) -> None:
    made = NewHook.make("mail.test", "ada", "json", None)
    status, output = checked(tmp_path / "unisono.toml", made.lines, UNISONO_TRANSPORT="grpcio")
    assert (status, 'transport = "http"' in output) == (1, True)


@pytest.mark.parametrize(
    ("secret", "mode", "said"),
    [("short", 0o600, "16 to 1024"), ("x" * 2000, 0o600, "16 to 1024"), ("x" * 40, 0o644, "chmod o-rwx")],
)
def test_a_secret_that_is_weak_or_open_is_none(tmp_path: Path, secret: str, mode: int, said: str) -> None:
    kept = tmp_path / "hook.secret"
    made = NewHook.make("mail.test", "ada", "github", kept)
    kept.write_text(secret)
    kept.chmod(mode)
    status, output = checked(tmp_path / "unisono.toml", made.lines)
    assert (status, said in output) == (1, True)
