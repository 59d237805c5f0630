"""`config` shows every setting, with unit, default, origin and meaning."""

import json
from pathlib import Path

import pytest

from tests.cli.command import run, said
from unisono.server.config import Settings
from unisono.server.config.setting import is_table
from unisono.server.config.sources import flag_of

SECRET = "do not show this secret to anybody at all"

FILE = f"""
heartbeat = 20
[[apps]]
app_id = "mail.test"
client_ids = ["a"]
[[issuers]]
issuer = "https://id.test/"
audience = "unisono"
secret = "{SECRET}"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "unisono.toml"
    path.touch(0o600)
    path.write_text(FILE)
    return path


def row(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return [cell.strip() for cell in line.split("  ") if cell]


def test_table() -> None:
    result = run("config")
    assert result.exit_code == 0
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["SETTING", "VALUE", "UNIT", "DEFAULT", "FROM", "MEANING"]
    assert [line.split()[0] for line in rows] == list(Settings.model_fields)
    assert row(result.stdout, "heartbeat") == [
        "heartbeat",
        "30",
        "seconds",
        "30",
        "default",
        "heartbeat interval of idle streams that ask for none",
    ]
    assert row(result.stdout, "dev")[1:4] == ["false", "true or false", "false"]
    assert row(result.stdout, "apps")[1] == "none"
    assert row(result.stdout, "tls_key")[1] == "none"


def test_origins(file: Path) -> None:
    text = run("config", "--config", file, "--dev", "--listen", "[::1]:0", UNISONO_PING_TIMEOUT="2.5").stdout
    assert row(text, "heartbeat")[1::3] == ["20", f"file {file}"]
    assert row(text, "ping_timeout")[1::3] == ["2.5", "environment UNISONO_PING_TIMEOUT"]
    assert row(text, "dev")[1::3] == ["true", "flag --dev"]
    assert row(text, "listen")[1::3] == ["[::1]:0", "flag --listen"]
    assert row(text, "apps")[1] == "mail.test"
    assert row(text, "issuers")[1] == "https://id.test/"
    assert SECRET not in text


def test_a_switch_can_be_turned_off_again() -> None:
    assert row(run("config", "--no-dev", UNISONO_DEV="1").stdout, "dev")[1] == "false"


def test_file_named_by_the_environment(file: Path) -> None:
    assert row(run("config", UNISONO_CONFIG=str(file)).stdout, "heartbeat")[1] == "20"


def test_texts_of_a_list() -> None:
    text = run("config", "--dev", UNISONO_TRUSTED_PROXIES="10.0.0.0/8,unix").stdout
    assert row(text, "trusted_proxies")[1:4] == ["10.0.0.0/8, unix", "networks", "none"]


def test_json(file: Path) -> None:
    shown = json.loads(run("config", "--json", "--config", file).stdout)
    assert [setting["name"] for setting in shown] == list(Settings.model_fields)
    found = {setting["name"]: setting for setting in shown}
    assert found["heartbeat"] == {
        "name": "heartbeat",
        "value": 20,
        "unit": "seconds",
        "default": 30,
        "origin": f"file {file}",
        "meaning": "heartbeat interval of idle streams that ask for none",
    }
    assert found["issuers"]["value"][0]["secret"] == "**********"


def test_every_scalar_setting_has_a_flag() -> None:
    fields = {name: field for name, field in Settings.model_fields.items() if not is_table(field)}
    # Switches are turned on, and one of them needs a proxy.
    values = {name: field.default for name, field in fields.items() if field.default is not None}
    values |= {"trusted_proxies": "unix"}
    flags = [
        word
        for name, value in values.items()
        for word in ([flag_of(name)] if value is False else [flag_of(name), value])
    ]
    shown = json.loads(run("config", "--json", *flags).stdout)
    flagged = {
        setting["name"] for setting in shown if setting["origin"] == f"flag {flag_of(setting['name'])}"
    }
    assert flagged == values.keys()


def test_bad_settings(file: Path) -> None:
    result = run("config", "--config", file, "--ping-timeout", "0", UNISONO_LISTEN="x")
    assert result.exit_code == 2
    assert said(result).splitlines() == [
        "Error: listen (environment UNISONO_LISTEN): must be HOST:PORT, such as 127.0.0.1:50051 or "
        "[::1]:50051 (unit: host:port); it is x",
        "ping_timeout (flag --ping-timeout): must be greater than or equal to 1 (unit: seconds); it is 0",
    ]


def test_file_that_is_not_there(tmp_path: Path) -> None:
    result = run("config", "--config", tmp_path / "absent.toml")
    assert result.exit_code == 2
    assert "absent.toml cannot be read: No such file or directory" in said(result)


def test_unknown_variable_is_remarked_on_stderr() -> None:
    result = run("config", "--json", UNISONO_LISTEM="x")
    assert result.exit_code == 0
    assert (
        result.stderr == "Warning: environment: UNISONO_LISTEM: listem is no setting; did you mean listen?\n"
    )
    assert json.loads(result.stdout)
