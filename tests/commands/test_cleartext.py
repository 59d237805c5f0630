"""Commands that send a token over a network in the clear say so, in a line on stderr."""

import pytest

from tests.commands.unisono import objects, process
from tests.verify.command import run as verify

#: An address that is no loopback by its name, and on which nothing leaves this machine.
AWAY = ("--target", "0.0.0.0:1", "--timeout", "1s", "--token", "x")
SAID = "access tokens travel to 0.0.0.0:1 in the clear"


@pytest.mark.parametrize(
    "command", [("list",), ("send", "ada", "Hello"), ("delete", "a", "b"), ("devices",)], ids=lambda c: c[0]
)
def test_a_line_before_anything_else(command: tuple[str, ...]) -> None:
    ended = process(*command, *AWAY)
    warning, error, *_ = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert warning.startswith(f"Warning: {SAID}")
    assert "--tls" in warning
    assert error.startswith("Error: ")


def test_programs_get_an_object() -> None:
    warning, error = objects(process("list", "--json", *AWAY).stderr)
    assert warning["message"].startswith(SAID)
    assert "code" in error


@pytest.mark.parametrize(
    ("options", "variables"), [(("--tls",), {}), ((), {"UNISONO_CLEARTEXT": "1"})], ids=["TLS", "allowed"]
)
def test_no_line_where_there_is_nothing_to_say(options: tuple[str, ...], variables: dict[str, str]) -> None:
    assert "Warning" not in process("list", *AWAY, *options, **variables).stderr


def test_whoever_verifies_is_told_too() -> None:
    ended = verify("--target", "0.0.0.0:1", "--app-token", "x", "--user=a=x")
    assert ended.stderr.startswith(f"Warning: {SAID}")
