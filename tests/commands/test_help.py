"""Each command explains itself at once, and shells complete it."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import unisono.client
from tests.commands.unisono import COMMAND, environment, process, run
from tests.support.processes import TIMEOUT
from unisono.client.cli import commands

#: Runs the command as if importing `unisono.client` brought nothing along: what it imports by itself.
BY_ITSELF = f"""
import sys, types
package = types.ModuleType("unisono.client")
package.__path__ = {list(unisono.client.__path__)!r}
sys.modules["unisono.client"] = package
from unisono.client.cli import main
try:
    main()
except SystemExit:
    print(*sys.modules, file=sys.stderr)
"""

#: How `complete` of bash calls a completion function.
COMPLETE = """
eval "$(unisono completion bash)"
COMP_WORDS=({words}) COMP_CWORD={word}
_unisono_completion unisono
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize("command", sorted(commands.commands))
def test_every_command_has_examples(command: str) -> None:
    ended = run(command, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"unisono {command}" in ended.stdout.split("Examples:")[1]


def test_the_commands_and_the_exit_statuses() -> None:
    text = run("--help").stdout
    assert set(commands.commands) == {
        "send",
        "list",
        "listen",
        "show",
        "mark",
        "delete",
        "devices",
        "export",
        "erase",
        "login",
        "logout",
        "completion",
    }
    assert all(f"  {name} " in text for name in commands.commands)
    assert "Exit status: 0 success, 2 wrong arguments, 130 ended by Ctrl-C, 1 anything" in text


def test_version() -> None:
    ended = process("--version")
    assert (ended.returncode, ended.stdout) == (0, f"unisono, version {version('unisono-client')}\n")


def unmeasured() -> dict[str, str]:
    """The environment without what makes Python measure coverage, which imports things by itself."""
    return {name: value for name, value in environment().items() if not name.startswith("COVERAGE_")}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["listen", "--help"], ["login", "--help"], ["completion", "bash"]]
)
def test_nothing_heavy_is_imported_for_it(arguments: list[str]) -> None:
    done = subprocess.run(
        (sys.executable, "-c", BY_ITSELF, *arguments),
        env=unmeasured(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    assert done.stdout
    imported = {name.partition(".")[0] for name in done.stderr.split()}
    assert "click" in imported
    assert not imported & {"grpc", "google", "rich", "asyncio", "sqlite3", "httpx"}


def test_help_imports_no_grpc() -> None:
    done = subprocess.run(
        (sys.executable, "-X", "importtime", *COMMAND[1:], "--help"),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    assert "click" in done.stderr
    assert "grpc" not in done.stderr


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["unisono", "de"], {"delete", "devices"}),
        (["unisono", "listen", "--platform", "m"], {"macos"}),
        (["unisono", "list", "--un"], {"--until", "--unread"}),
    ],
)
def test_bash_completes(words: list[str], completed: set[str], tmp_path: Path) -> None:
    # bash runs the first word to complete: it must be a command
    command = tmp_path / "unisono"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m unisono.client.cli "$@"\n')
    command.chmod(0o700)
    script = COMPLETE.format(words=" ".join(words), word=len(words) - 1)
    done = subprocess.run(
        ("bash", "-c", script),
        env=environment(PATH=f"{tmp_path}:/usr/bin:/bin"),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    assert set(done.stdout.split()) == completed


@pytest.mark.parametrize(("shell", "words"), [("zsh", "#compdef unisono"), ("fish", "complete --no-files")])
def test_the_scripts_of_other_shells(shell: str, words: str) -> None:
    ended = run("completion", shell)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert words in ended.stdout
    assert "_UNISONO_COMPLETE" in ended.stdout
