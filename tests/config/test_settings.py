"""Every setting is described; limits are those of the contract; secrets are not shown."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from unisono.server.config import Settings, describe, load
from unisono.server.config.address import Address
from unisono.server.config.limits import LimitSettings
from unisono.server.model import Limits

SECRET = "do not show this secret to anybody at all"


def test_every_setting_has_unit_default_and_meaning() -> None:
    described = describe(load({}, {}))
    assert [d.name for d in described] == list(Settings.model_fields)
    for setting in described:
        assert setting.unit, setting.name
        assert len(setting.meaning) > 10, setting.name
        assert setting.value == setting.default
        assert setting.origin == "default"


def test_limits_are_settings_of_the_same_names_and_defaults() -> None:
    assert set(LimitSettings.model_fields) == {field.name for field in fields(Limits)}
    assert Settings().limits() == Limits()


def test_limits_take_their_values_from_the_settings() -> None:
    limits = Settings(title_bytes=7, expire_after_max=2.5, expire_after_default=1.25).limits()
    assert (limits.title_bytes, limits.expire_after_max, limits.expire_after_default) == (7, 2500, 1250)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().dev = True


def test_the_environment_is_not_read_behind_the_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISONO_DEV", "true")
    assert Settings().dev is False


def test_secrets_are_masked() -> None:
    issuer = {"issuer": "https://id.test/", "audience": "unisono", "secret": SECRET}
    loaded = load({}, {"UNISONO_ISSUERS": json.dumps([issuer])})
    assert loaded.settings.issuers[0].secret.get_secret_value() == SECRET
    shown = json.dumps([asdict(setting) for setting in describe(loaded)])
    assert "https://id.test/" in shown
    assert SECRET not in shown + repr(loaded)


@pytest.mark.parametrize(
    ("store", "file"),
    [("sqlite:///unisono.db", "unisono.db"), ("sqlite:////var/lib/u 1.db", "/var/lib/u 1.db")],
)
def test_store_file(store: str, file: str) -> None:
    assert Settings(store=store).store_file == Path(file)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:65535", "::1", 65535), ("a-b.test:80", "a-b.test", 80)],
)
def test_address(text: str, host: str, port: int) -> None:
    assert Address.parse(text) == Address(host, port)
    assert Address.parse(text).at(port) == text


def test_the_address_of_a_unix_socket() -> None:
    address = Address.parse("unix:/run/a b.sock")
    assert address == Address("", 0, "/run/a b.sock")
    assert address.is_loopback
    assert address.at(0) == "unix:/run/a b.sock"


def test_a_unix_socket_is_of_our_own_transport() -> None:
    assert Settings(listen="unix:/run/a.sock").chosen_transport == "http"
    assert Settings(listen="unix:/run/a.sock", trusted_proxies=("unix",)).trusted_proxies == ("unix",)
    for given in (
        {"listen": "unix:"},
        {"listen": "unix:/run/a.sock", "transport": "grpcio"},
        {"metrics_listen": "unix:/run/a.sock"},
    ):
        with pytest.raises(ValidationError):
            Settings.model_validate(given)


def test_the_web_is_of_our_own_transport() -> None:
    pages = [{"app_id": "mail.test", "client_ids": ["a"], "origins": ["https://mail.test"]}]
    assert Settings().chosen_transport == "grpcio"
    assert Settings(web="on").chosen_transport == "http"
    assert Settings.model_validate({"apps": pages}).chosen_transport == "http"
    for given in (
        {"web": "on", "transport": "grpcio"},
        {"apps": pages, "transport": "grpcio"},
        {"apps": pages, "web": "off"},
    ):
        with pytest.raises(ValidationError, match=r'transport = "http"|web = "on"'):
            Settings.model_validate(given)


@pytest.mark.parametrize(
    "given",
    [
        {"trusted_proxies": "10.0.0.0/8, ::1,unix", "dev": True},
        {"trusted_proxies": ["10.0.0.0/8", "::1", "unix"]},
    ],
)
def test_proxies_are_a_list_or_a_text_with_commas(given: dict[str, Any]) -> None:
    settings = load({"transport": "auto" if "dev" in given else "http", **given}, {}).settings
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1", "unix")
