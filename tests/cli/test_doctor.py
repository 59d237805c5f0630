"""`doctor` explains a token, in words or as JSON, and its exit status says whether it is good."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import jwt
import pytest
import structlog
from click.testing import CliRunner, Result

from tests.cli.command import run
from unisono.server.app.log import warnings_on_stderr
from unisono.server.cli import main

SECRET = "a secret of the tests with more than 32 bytes"
FILE = f"""
[[apps]]
app_id = "mail.test"
client_ids = ["mail-client"]
[[issuers]]
issuer = "https://id.test/"
audience = "unisono"
secret = "{SECRET}"
"""
CLAIMS = {
    "iss": "https://id.test/",
    "aud": "unisono",
    "azp": "mail-client",
    "sub": "ada",
    "scope": "notifications.readwrite",
    "exp": 4_000_000_000,
    "email": "ada@contoso.com",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "unisono.toml"
    path.write_text(FILE)
    path.chmod(0o600)
    return path


def token(**changes: object) -> str:
    return jwt.encode({**CLAIMS, **changes}, SECRET)


def piped(text: str, *args: object) -> Result:
    ours = dict.fromkeys(name for name in os.environ if name.startswith("UNISONO_"))
    return CliRunner().invoke(main, ["doctor", "-", *map(str, args)], input=text, env=ours)


def test_a_good_one(file: Path) -> None:
    result = run("doctor", token(), "--config", file)
    assert result.exit_code == 0, result.output
    first, *lines = result.stdout.splitlines()
    assert first.startswith(
        'Good: a device of the user "ada" of the app mail.test, until 2096-10-02 07:06:40 UTC ('
    )
    assert '✓ user       "ada" (sub)' in lines
    assert "             scope has notifications.readwrite" in lines
    assert "What to do:" not in lines


def test_one_of_an_admin(file: Path) -> None:
    file.write_text(f'{FILE}admin_claim = {{ role = "operator" }}')
    result = run("doctor", token(role=["operator"]), "--config", file)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith('Good: the admin "ada", until 2096-10-02')
    found = json.loads(run("doctor", token(role="operator"), "--config", file, "--json").stdout)
    assert (found["role"], found["app_id"], found["user_id"]) == ("admin", None, None)


def test_one_that_is_refused(file: Path) -> None:
    result = run("doctor", token(aud="account"), "--config", file)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "Refused: TOKEN_INVALID, the access token is for another audience (aud)"
    assert "✗ audience   the access token is for another audience (aud)" in lines
    assert "✓ app        mail.test" in lines
    assert 'audience = ["account"]' in lines[lines.index("What to do:") + 1]


@pytest.mark.parametrize("form", ["{}", " {}\n", "Bearer {}\n"])
def test_from_standard_input(file: Path, form: str) -> None:
    assert piped(form.format(token()), "--config", file).exit_code == 0


def test_only_claims_that_matter_are_shown(file: Path) -> None:
    shown = run("doctor", token(), "--config", file).stdout
    assert "ada@contoso.com" not in shown
    assert '  azp        "mail-client"' in shown


def test_for_programs(file: Path) -> None:
    result = run("doctor", token(aud="x", scope="notifications.readwrite y"), "--config", file, "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["good"], told["reason"], told["user_id"]) == (False, "TOKEN_INVALID", None)
    assert {"check": "app", "passed": True, "text": "mail.test"} in told["checks"]
    assert told["scopes"]["given"] == {"scope": ["notifications.readwrite", "y"]}
    assert told["claims"]["aud"] == "x"
    assert len(told["advice"]) == 1


def test_a_good_one_for_programs(file: Path) -> None:
    told = json.loads(run("doctor", token(), "--config", file, "--json").stdout)
    assert (told["good"], told["app_id"], told["user_id"], told["role"]) == (
        True,
        "mail.test",
        "ada",
        "device",
    )
    assert told["expire_time"] == 4_000_000_000
    assert told["issuer"] == "https://id.test/"
    assert told["told_by"] == "it has the claim sub"
    assert told["advice"] == []


def test_what_is_no_token_for_programs(file: Path) -> None:
    told = json.loads(run("doctor", "opaque", "--config", file, "--json").stdout)
    assert (told["good"], told["header"], told["claims"]) == (False, None, {})


def test_whatever_a_token_says_moves_no_cursor(file: Path) -> None:
    evil = token(sub="\x1b[2J\x9b1m‮", scope="\x07" * 500, aud=["\x1b]0;x\x07"])
    result = run("doctor", evil, "--config", file)
    assert all(character.isprintable() for line in result.stdout.splitlines() for character in line)
    assert max(map(len, result.stdout.splitlines())) < 1000


@pytest.mark.parametrize("args", [[], ["--json"]])
@pytest.mark.parametrize(
    "value", ["[" * 700 + "]" * 700, '{"a":' * 300 + "1" + "}" * 300, "1e999", '"\\ud800"']
)
def test_whatever_a_token_says_is_shown_or_not(file: Path, value: str, args: list[str]) -> None:
    names = ("aud", "sub", "azp", "scope", "iat", "exp", "typ", "scp")
    body = ",".join(f'"{name}":{value}' for name in names)
    evil = encoded_token(f'{{"iss":"https://id.test/",{body}}}')
    result = run("doctor", evil, "--config", file, *args)
    assert result.exit_code == 1, result.exception
    assert isinstance(result.exception, SystemExit)
    if args:
        json.loads(result.stdout, parse_constant=pytest.fail)


def encoded_token(claims: str) -> str:
    header = json.dumps({"alg": "HS256"})
    parts = (base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode() for text in (header, claims, "x"))
    return ".".join(parts)


def test_a_terminal_without_marks(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "unisono.server", "doctor", "-", "--config", file],
        input=token(sub="ßeta", aud="x"),
        capture_output=True,
        encoding="ascii",
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "NO audience" in done.stdout
    assert 'ok user       "\\xdfeta" (sub)' in done.stdout


def test_of_the_development_key(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/unisono.db"
    made = run("token", "--store", store, "--user", "ada").stdout
    assert piped(made, "--store", store, "--dev").exit_code == 0


def test_a_development_key_is_never_made(tmp_path: Path) -> None:
    result = run("doctor", "x", "--store", f"sqlite:///{tmp_path}/unisono.db", "--dev")
    assert result.exit_code == 2
    assert "there is no development key" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("args", [[], [""], ["-"], ["a", "b"], ["x", "--config", "missing.toml"], ["x"]])
def test_wrong_arguments(args: list[str]) -> None:
    assert run("doctor", *args).exit_code == 2


def test_warnings_of_what_is_read_are_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Those about keys, above all; what is no warning is not said."""
    log = structlog.get_logger()
    with warnings_on_stderr():
        log.info("the keys were fetched")
        log.warning("a key cannot be used", problem="it is damaged\n")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "event='a key cannot be used' problem='it is damaged\\n' level='warning'\n"
