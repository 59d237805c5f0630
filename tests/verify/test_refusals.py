"""What cannot be verified is refused before there is any load: which option is wrong, and what to do."""

import asyncio
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.commands.unisono import environment
from tests.support import tokens
from tests.support.processes import TIMEOUT, ServerProcess
from tests.support.stub_server import scripted
from tests.verify.command import COMMAND, at, run, within
from unisono.client._wire.pool import STREAMS_PER_CONNECTION
from unisono.verify.cli.options import MAX_USERS
from unisono.verify.load.traffic import PLATFORMS

APP = ("--app-token", "x")
HERE = ("--target", "127.0.0.1:1")
PRINT = ("--token-command", "echo {user}")


def raised(*arguments: str, status: int, apart: bool = False) -> tuple[str, str]:
    """The error and the hint, the last that it says; `apart` in a process, where gRPC may speak."""
    ended = run(*arguments) if apart else within(*arguments)
    assert (ended.returncode, ended.stdout) == (status, "")
    *_, error, hint = ended.stderr.splitlines()
    return error, hint


@pytest.mark.parametrize(
    ("arguments", "said", "told"),
    [
        ([*APP, "--users=1", *PRINT], "--target is missing", "--target 127.0.0.1:50051"),
        ([*HERE, "--user=a=x"], "no token of the app", "--app-token-command"),
        ([*HERE, *APP, "--app-token-command", "x", "--user=a=x"], "--app-token and", "UNISONO_APP_TOKEN"),
        ([*HERE, "--app-token", "a\nb", "--user=a=x"], "--app-token: the token has characters", "quotes"),
        ([*HERE, *APP], "there are no users", "--user USER=TOKEN"),
        ([*HERE, *APP, "--user=a=x", "--users=2"], "--user and --users exclude", "--users 3"),
        ([*HERE, *APP, "--user=a"], "--user a: its token is missing", "--user USER=TOKEN"),
        ([*HERE, *APP, "--user==x"], "its token is missing", "--user USER=TOKEN"),
        ([*HERE, *APP, "--user=a=x", "--user=a=y"], "--user: the same user twice", "once"),
        ([*HERE, *APP, *(f"--user={n}=x" for n in range(11))], "--user: at most 10", "attack"),
        ([*HERE, *APP, "--users=2"], "--users needs a --token-command", "{user}"),
        ([*HERE, *APP, "--users=2", "--token-command", "x"], "--token-command: there is no {user}", "write"),
        ([*HERE, *APP, "--user=a=x", "--for", "1h"], "--for: that would be more than 20,000 calls", "--rate"),
        (["--seed=1", "judge", __file__], "judge takes no --seed before it", "after judge"),
    ],
)
def test_wrong_arguments(arguments: list[str], said: str, told: str) -> None:
    error, hint = raised(*arguments, status=2)
    assert error.startswith("Error: ")
    assert said in error
    assert hint.startswith("Hint: ")
    assert told in hint


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--for", "soon"], "'--for': soon is no time such as 90s"),
        (["--users", "11"], "'--users': 11 is not in the range"),
        (["--rate", "0"], "'--rate': 0 is not in the range"),
        (["--root-certificates", "/nowhere"], "'--root-certificates': File '/nowhere' does not exist"),
        (["judge", "/nowhere"], "'FILE': File '/nowhere' does not exist"),
        (["--unheard-of"], "No such option"),
    ],
)
def test_arguments_that_cannot_be_read(arguments: list[str], said: str) -> None:
    ended = within(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in " ".join(ended.stderr.split())


def test_an_address_that_is_none() -> None:
    ended = within("--target", "nonsense", *APP, "--user=a=x")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("Error: --target: must be HOST:PORT, such as 127.0.0.1:50051")


def test_nobody_is_there() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        nowhere = f"127.0.0.1:{held.getsockname()[1]}"
        error, hint = raised(*at(nowhere, "ada"), status=1, apart=True)
    assert error.startswith("Error: ")
    assert hint == f"Hint: is the server at {nowhere} up?"


@pytest.mark.parametrize("level", [None, 0])
async def test_a_server_of_before_is_not_blamed(ada: str, level: int | None) -> None:
    async with scripted() as script:
        script.knows(level)
        error, hint = await asyncio.to_thread(raised, *at(script.target, ada), status=1, apart=True)

        assert f"the server at {script.target} is older than this unisono-verify" in error
        assert "upgrade the server" in hint
        assert {call.method for call in script.calls} == {"GetServerInfo"}


def test_tls_where_there_is_none(server: ServerProcess, ada: str) -> None:
    error, hint = raised(*at(server.address, ada), "--tls", status=1, apart=True)
    assert error.endswith("does not speak TLS")
    assert "leave out --tls" in hint


@pytest.mark.parametrize(
    ("app", "user", "said", "told"),
    [
        ("x", tokens.device("ada"), "--app-token: the access token is no JWT", "get a token of this server"),
        (tokens.publisher(exp=1), tokens.device("ada"), "--app-token: ", "get a new token"),
        (tokens.device("ada"), tokens.device("ada"), "--app-token: it is a user's token", "the app itself"),
        (tokens.device("bob"), tokens.device("ada"), "--app-token: it is a user's token", "the app itself"),
        (tokens.publisher(), "x", "--user ada: the access token is no JWT", "get a token of this server"),
        (tokens.publisher(), tokens.publisher(), "--user ada: ", "a token of that user"),
        (tokens.publisher(), tokens.device("bob"), "--user ada: user_id must be", "each user its own token"),
        (
            tokens.publisher(),
            tokens.device("ada", azp="chat-client"),
            "--user ada: it is of the app chat.test, and the app's token of mail.test",
            "of one app",
        ),
    ],
)
def test_a_token_that_does_not_do(server: ServerProcess, app: str, user: str, said: str, told: str) -> None:
    arguments = ("--target", server.address, "--app-token", app, f"--user=ada={user}")
    error, hint = raised(*arguments, status=1)
    assert said in error
    assert told in hint


def test_an_app_that_was_not_meant(server: ServerProcess, ada: str) -> None:
    error, hint = raised(*at(server.address, ada), "--app-id", "chat.test", status=1)
    assert error == "Error: --app-token: it is of the app mail.test, not of chat.test"
    assert "--app-id" in hint


@pytest.mark.parametrize(
    ("app", "user", "said"),
    [
        ("exit 3", "echo {user}", "--app-token-command: the token command ended with status 3"),
        ("echo x", "false {user}", "--token-command for unisono-verify-1: the token command ended"),
    ],
)
def test_a_command_that_prints_no_token(server: ServerProcess, app: str, user: str, said: str) -> None:
    commands = ("--app-token-command", app, "--users", "1", "--token-command", user)
    error, hint = raised("--target", server.address, *commands, status=1)
    assert said in error
    assert "run it by hand" in hint


def test_a_command_that_prints_no_second_token(server: ServerProcess, tmp_path: Path) -> None:
    once = f"test -e '{tmp_path}/asked' && exit 3; touch '{tmp_path}/asked'; echo nonsense"
    ada = ("--user", "ada", "--token-command", f"echo {tokens.device('ada')} # {{user}}")
    error, hint = raised("--target", server.address, "--app-token-command", once, *ada, status=1)
    assert "the token command ended with status 3" in error
    assert "Traceback" not in error + hint


def test_a_user_is_named_to_the_shell_as_it_is(server: ServerProcess, tmp_path: Path) -> None:
    user = "o'hara; touch here"
    token = tmp_path / user
    token.write_text(tokens.device(user))
    printed = ("--user", user, "--token-command", f"cd '{tmp_path}' && cat {{user}}")
    app = ("--target", server.address, "--app-token", tokens.publisher())
    ended = within(*app, *printed, "--for", "1s", "--no-faults", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == [token]


@pytest.mark.parametrize("content", ["", "Dear Ada", "\xff"])
def test_a_file_that_holds_no_history(tmp_path: Path, content: str) -> None:
    file = tmp_path / "letter.txt"
    file.write_text(content, encoding="latin-1")
    error, hint = raised("judge", str(file), status=1)
    assert f"{file} holds no history" in error
    assert "--save" in hint


def test_programs_get_an_object() -> None:
    ended = within(*HERE, *APP, UNISONO_JSON="1")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith('{"message":"there are no users"')


def test_it_explains_itself() -> None:
    text = within("--help").stdout
    assert "The devices that these users have will ring." in text
    assert "Exit status: 0 " in text
    assert "unisono-verify judge history.jsonl" in text.split("Examples:")[1]
    assert run("--version").stdout == f"unisono-verify, version {version('unisono-verify')}\n"
    assert "Judge what --save has kept" in within("judge", "--help").stdout


def test_its_help_waits_for_no_grpc() -> None:
    done = subprocess.run(
        (sys.executable, "-X", "importtime", *COMMAND[1:], "--help"),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    assert "click" in done.stderr
    assert not {"grpc", "google", "rich"} & {line.split("|")[-1].strip() for line in done.stderr.splitlines()}


def test_a_run_of_as_many_as_there_may_be_fits_on_one_connection() -> None:
    """Whatever a server, or a proxy before it, allows on one: the SDK puts so many on its first."""
    assert MAX_USERS * len(PLATFORMS) <= STREAMS_PER_CONNECTION // 10
