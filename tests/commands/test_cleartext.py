"""Commands that send a token over a network in the clear say so, in a line on stderr."""

import itertools

import pytest

from tests.commands.unisono import objects, run
from tests.verify.command import within as verify

_PORTS = itertools.count(1)


@pytest.fixture
def away() -> str:
    """An address that is no loopback by its name, though nothing leaves this machine; each test has another:
    a process says it once of each.
    """
    return f"0.0.0.0:{next(_PORTS)}"


def at(target: str) -> tuple[str, ...]:
    return "--target", target, "--timeout", "1s", "--token", "x"


def said(target: str) -> str:
    return f"access tokens travel to {target} in the clear"


@pytest.mark.parametrize(
    "command", [("list",), ("send", "ada", "Hello"), ("delete", "a", "b"), ("devices",)], ids=lambda c: c[0]
)
def test_a_line_before_anything_else(away: str, command: tuple[str, ...]) -> None:
    ended = run(*command, *at(away))
    warning, error, *_ = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (1, "")
    assert warning.startswith(f"Warning: {said(away)}")
    assert "--tls" in warning
    assert error.startswith("Error: ")


def test_programs_get_an_object(away: str) -> None:
    warning, error = objects(run("list", "--json", *at(away)).stderr)
    assert warning["message"].startswith(said(away))
    assert "code" in error


@pytest.mark.parametrize(
    ("options", "variables"), [(("--tls",), {}), ((), {"UNISONO_CLEARTEXT": "1"})], ids=["TLS", "allowed"]
)
def test_no_line_where_there_is_nothing_to_say(
    away: str, options: tuple[str, ...], variables: dict[str, str]
) -> None:
    assert "Warning" not in run("list", *at(away), *options, **variables).stderr


def test_whoever_verifies_is_told_too(away: str) -> None:
    ended = verify("--target", away, "--app-token", "x", "--user=a=x")
    assert ended.stderr.startswith(f"Warning: {said(away)}")
