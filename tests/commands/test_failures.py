"""Whatever goes wrong: one clear line, a hint what to do next, an exit status, and never a traceback."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.unisono import Cli, objects, run, within
from tests.support import tokens
from tests.support.processes import ServerProcess
from unisono.client.cli import main

BIG = "x" * 2_000_000


@pytest.fixture(scope="module")
def nowhere() -> Iterator[str]:
    """An address where nothing listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


def expired() -> str:
    return tokens.device("ada", exp=1)


@pytest.mark.parametrize(
    ("token", "arguments", "error", "hint"),
    [
        ("nonsense", ["list"], "Error: ", "$(cat var/ada.token)"),
        ("nonsense", ["send", "bob", "x"], "Error: ", "$(cat var/app.token)"),
        (expired(), ["list"], "expired", "get a new token"),
        (tokens.device("ada"), ["send", "bob", "x"], "Error: ", "leave --user out"),
        (tokens.publisher(), ["list"], "user_id", "name the user: --user ada"),
        (tokens.publisher(), ["listen"], "Error: ", "this needs a user's token"),
        (tokens.publisher(azp="who"), ["list", "--user", "a"], "Error: ", "declare the client id"),
        (tokens.device("ada"), ["delete", "nobody"], "Error: ", ""),
        (tokens.publisher(), ["send", "ada", "t", "--key", "k" * 300], "app_notification_id", ""),
    ],
)
def test_what_the_service_refuses(
    server: ServerProcess, token: str, arguments: list[str], error: str, hint: str
) -> None:
    ended = Cli(server.address, token).run(*arguments, "--timeout", "5s")
    assert (ended.returncode, ended.stdout) == (1, "")
    first, *rest = ended.stderr.splitlines()
    assert first.startswith("Error: ")
    assert error in first
    assert len(rest) <= 1
    assert hint in "".join(rest)


def test_what_is_too_large(server: ServerProcess) -> None:
    ended = Cli(server.address, tokens.publisher()).run("send", "ada", "--raw", "-", stdin=BIG)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("Error: ")
    assert len(ended.stderr.splitlines()) <= 2


def test_programs_get_one_object_on_stderr(server: ServerProcess) -> None:
    ended = Cli(server.address, expired()).run("list", "--json")
    (told,) = objects(ended.stderr)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert set(told) == {
        *("message", "hint", "code", "reason", "violations", "metadata", "retry_delay"),
    }
    assert (told["code"], told["reason"]) == ("unauthenticated", "TOKEN_EXPIRED")
    assert told["hint"].startswith("get a new token")


def test_no_server(nowhere: str) -> None:
    ended = Cli(nowhere, "token").process("list", "--timeout", "1s")
    assert (ended.returncode, ended.stdout) == (1, "")
    error, hint = ended.stderr.splitlines()
    assert error.startswith("Error: ")
    assert f"is the server at {nowhere} up?" in hint or f"is the server at {nowhere} well?" in hint


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["list"], "there is no access token"),
        (["list", "--token", "a\nb"], "has characters that no token has"),
        (["listen", "--token", "x", "--platform", "toaster"], "toaster"),
        (["send", "--token", "x"], "name the USER to send to"),
        (["send", "ada", "t", "--token", "x", "--replace"], "--replace needs the --key"),
        (["send", "ada", "t", "--token", "x", "--expire", "999999999d"], "is no time such as"),
        (["send", "ada", "t", "--token", "x", "--expire", "1h", "--expire-at", "2030-01-01"], "exclude"),
        (["send", "--me", "a", "b", "--token", "x"], "give the TITLE alone"),
        (["list", "--token", "x", "--since", "999999999d"], "is no time such as"),
        (["mark", "--token", "x", "--read"], "say which"),
        (["mark", "--token", "x", "--all", "--group", "g", "--read"], "say which"),
        (["mark", "--token", "x", "--all"], "say how"),
        (["mark", "--token", "x", "--all", "--dismiss", "--snooze", "1h"], "--snooze excludes"),
        (["delete", "--token", "x"], "say which: IDs and --key"),
        (["delete", "--token", "x", "id", "--all"], "say which"),
        (["delete", "--token", "x", "--all"], "--yes says that this is meant"),
        (["send", "--token", "x", "ada"], "TITLE"),
        (["list", "--token", "x", "--root-certificates", "/nowhere.pem"], "nowhere.pem"),
        (["unknown"], "unknown"),
    ],
)
def test_wrong_arguments_end_with_2_before_anything_is_called(arguments: list[str], said: str) -> None:
    ended = within(main, *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in " ".join(ended.stderr.split())
    assert "Error: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_wrong_arguments_are_an_object_too() -> None:
    ended = within(main, "list", "--json", "--limit", "many")
    (told,) = objects(ended.stderr)
    assert (ended.returncode, set(told)) == (2, {"message", "hint"})


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("exit 3", "the token command ended with status 3"),
        ("true", "the token command printed no token"),
        ("printf 'no\\033[31m' >&2; exit 1", "ended with status 1: no\ufffd[31m"),
        ("echo two words; echo lines", "the token command printed no token"),
    ],
)
def test_a_token_command_that_fails(server: ServerProcess, command: str, said: str) -> None:
    ended = run("list", "--target", server.address, "--token-command", command)
    assert ended.returncode == 1
    error, hint = ended.stderr.splitlines()
    assert said in error
    assert hint == "Hint: run it by hand: it must print a token and nothing else"


def test_a_file_that_is_no_inbox_is_left_alone(server: ServerProcess, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ada")
    ended = Cli(server.address, tokens.device("ada")).run("listen", "--storage", str(file))
    assert (ended.returncode, file.read_text()) == (1, "Dear Ada")
    assert "name another file with --storage" in ended.stderr
