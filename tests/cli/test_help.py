"""Each command explains itself, with examples."""

import pytest

from tests.cli.command import run
from unisono.server import __version__
from unisono.server.cli import main


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_has_examples(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"unisono-server {command}" in result.stdout.split("Examples:")[1]


@pytest.mark.parametrize("command", [[], ["token"]])
def test_the_examples_are_of_ada(command: list[str]) -> None:
    text = run(*command, "--help").stdout
    assert "--user ada" in text
    assert "anna" not in text


def test_the_commands() -> None:
    expected = {
        "serve",
        "token",
        "hook",
        "doctor",
        "health",
        "stats",
        "explain",
        "migrate",
        "config",
        "backup",
        "restore",
        "rename-users",
    }
    assert set(main.commands) == expected
    assert all(f"  {name} " in run("--help").stdout for name in main.commands)


def test_serve_lists_the_common_flags_only() -> None:
    text = run("serve", "--help").stdout
    for flag in ("--listen", "--store", "--config", "--dev", "--tls-certificate", "--tls-key", "--log-level"):
        assert f"  {flag} " in text
    assert "--commit-queue" not in text


def test_version() -> None:
    assert run("--version").stdout == f"unisono-server, version {__version__}\n"


@pytest.mark.parametrize("args", [["unknown"], ["serve", "--unknown"], ["token", "extra"], ["backup"]])
def test_wrong_usage(args: list[str]) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "Error:" in result.stderr
