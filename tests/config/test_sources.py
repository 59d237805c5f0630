"""A flag wins over the environment, that over the file, that over the default; each origin is known."""

import os
from pathlib import Path

import pytest

from unisono.server.config import InvalidSettings, Settings, describe, load


def toml(folder: Path, text: str) -> Path:
    file = folder / "unisono.toml"
    file.write_text(text)
    return file


def problem(environ: dict[str, str], file: Path | None = None) -> str:
    with pytest.raises(InvalidSettings) as caught:
        load({}, environ, file)
    (line,) = caught.value.problems
    return line


def test_defaults() -> None:
    loaded = load({}, {})
    assert loaded.settings == Settings()
    assert (loaded.origins, loaded.warnings) == ({}, ())


def test_precedence_and_origins(tmp_path: Path) -> None:
    file = toml(tmp_path, "ping_timeout = 1\nheartbeat = 11\nclock_skew = 1\nkeepalive_time = 1")
    environ = {"UNISONO_PING_TIMEOUT": "2", "UNISONO_HEARTBEAT": "12", "UNISONO_COMMIT_BATCH": "2"}
    loaded = load({"heartbeat": "13", "ping_timeout": None, "commit_queue": "3"}, environ, file)
    found = {d.name: (d.value, d.origin) for d in describe(loaded) if d.origin != "default"}
    assert found == {
        "heartbeat": (13, "flag --heartbeat"),
        "commit_queue": (3, "flag --commit-queue"),
        "ping_timeout": (2, "environment UNISONO_PING_TIMEOUT"),
        "commit_batch": (2, "environment UNISONO_COMMIT_BATCH"),
        "clock_skew": (1, f"file {file}"),
        "keepalive_time": (1, f"file {file}"),
    }


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), ("no", False), ("false", False)])
def test_switches_in_the_environment(text: str, value: bool) -> None:
    assert load({}, {"UNISONO_DEV": text}).settings.dev is value


def test_empty_variables_count_as_absent() -> None:
    loaded = load({}, {"UNISONO_TLS_KEY": "", "UNISONO_NO_SUCH": ""})
    assert (loaded.settings.tls_key, loaded.origins, loaded.warnings) == (None, {}, ())


def test_tables_in_the_environment_are_json() -> None:
    environ = {"UNISONO_APPS": '[{"app_id": "mail.test", "client_ids": ["a", "b"]}]'}
    (app,) = load({}, environ).settings.apps
    assert (app.app_id, app.client_ids) == ("mail.test", ("a", "b"))
    assert problem({"UNISONO_APPS": "[{"}).startswith("UNISONO_APPS is not JSON: Expecting")


def test_tables_in_a_file(tmp_path: Path) -> None:
    file = toml(
        tmp_path,
        """
        [[apps]]
        app_id = "mail.test"
        client_ids = ["a"]
        [[issuers]]
        issuer = "https://id.test/"
        audience = "unisono"
        jwks_file = "keys.json"
        """,
    )
    settings = load({}, {}, file).settings
    assert settings.apps[0].app_id == "mail.test"
    assert (settings.issuers[0].audience, settings.issuers[0].user_claims) == (("unisono",), ("sub",))


def test_unknown_variables_are_only_remarked() -> None:
    warnings = load({}, {"UNISONO_LISTEM": "x", "UNISONO_ZZZ": "x", "unisono_listen": "x"}).warnings
    assert warnings == (
        "UNISONO_LISTEM: listem is no setting; did you mean listen?",
        "UNISONO_ZZZ: zzz is no setting",
    )


def test_variables_of_the_commands_are_not_remarked() -> None:
    others = {
        "UNISONO_TOKEN": "x",
        "UNISONO_TARGET": "x",
        "UNISONO_JSON": "1",
        "UNISONO_CONFIG": "x",
        "HOME": "x",
    }
    assert load({}, others).warnings == ()


def test_unknown_key_of_a_file(tmp_path: Path) -> None:
    file = toml(tmp_path, "heartbeet = 3")
    assert problem({}, file) == f"{file}: heartbeet is no setting; did you mean heartbeat?"


def test_unknown_key_does_not_hide_other_problems(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as caught:
        load({"ping_timeout": "0"}, {}, toml(tmp_path, "_env_file = 'x'\nclock_skew = -1"))
    assert [line.split()[0] for line in caught.value.problems[1:]] == ["ping_timeout", "clock_skew"]
    assert "_env_file is no setting" in caught.value.problems[0]


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    absent = tmp_path / "absent.toml"
    assert problem({}, absent) == f"{absent} cannot be read: No such file or directory"
    assert "Is a directory" in problem({}, tmp_path)


def test_file_that_is_not_toml(tmp_path: Path) -> None:
    assert "line 2" in problem({}, toml(tmp_path, "a = 1\nb\n"))
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff")
    assert "is not TOML" in problem({}, binary)


SECRET = """
[[issuers]]
issuer = "https://id.test/"
audience = "unisono"
secret = "a secret of the tests with more than 32 bytes"
"""


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601, 0o666])
def test_file_with_a_secret_that_all_users_may_use(tmp_path: Path, mode: int) -> None:
    file = toml(tmp_path, SECRET)
    file.chmod(mode)
    line = problem({}, file)
    assert f"{file} holds the secret of an issuer" in line
    assert f"chmod o-rwx {file}" in line


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660, 0o400])
def test_file_with_a_secret_that_the_group_may_read(tmp_path: Path, mode: int) -> None:
    file = toml(tmp_path, SECRET)
    file.chmod(mode)
    assert load({}, {}, file).settings.issuers[0].secret


@pytest.mark.parametrize(
    "text",
    [
        "heartbeat = 30",
        '[[issuers]]\nissuer = "i"\naudience = "a"\npem_file = "p"',
        '[[issuers]]\nissuer = "i"\naudience = "a"\nsecret = ""\njwks_file = "p"',
    ],
)
def test_file_without_a_secret_may_be_read_by_all(tmp_path: Path, text: str) -> None:
    file = toml(tmp_path, text)
    file.chmod(0o644)
    assert load({}, {}, file).origins


def test_secret_from_a_pipe(tmp_path: Path) -> None:
    """As a shell makes it of the output of a program that decrypts."""
    reading, writing = os.pipe()
    os.write(writing, SECRET.encode())
    os.close(writing)
    assert load({}, {}, Path(f"/dev/fd/{reading}")).settings.issuers[0].secret
    os.close(reading)


@pytest.mark.parametrize("text", ["issuers = 7", "issuers = [7]", "[issuers]\nsecret = 'x'"])
def test_issuers_that_are_no_tables(tmp_path: Path, text: str) -> None:
    assert "issuers" in problem({}, toml(tmp_path, text))
