"""Which transport and which loop serve: those that are asked for, or the ones that are chosen for oneself."""

from asyncio import new_event_loop
from pathlib import Path

import pytest

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client
from tests.support.processes import TESTERS, serving
from unisono.client import create_channel
from unisono.server.app.event_loop import loop_factory
from unisono.server.config import Settings


@pytest.mark.parametrize(
    ("settings", "chosen"),
    [
        ({}, "grpcio"),
        ({"dev": True}, "http"),
        ({"dev": True, "transport": "grpcio"}, "grpcio"),
        ({"transport": "http"}, "http"),
    ],
)
def test_our_own_is_for_trying_things_out_until_it_is_asked_for(
    settings: dict[str, object], chosen: str
) -> None:
    assert Settings.model_validate(settings).chosen_transport == chosen


@pytest.mark.parametrize(
    ("transport", "event_loop", "native"),
    [
        ("grpcio", "uvloop", True),
        ("grpcio", "asyncio", False),
        ("http", "auto", True),
        ("http", "asyncio", False),
    ],
)
async def test_each_serves_on_each_loop(
    tmp_path: Path, transport: str, event_loop: str, native: bool
) -> None:
    env = {**TESTERS, "UNISONO_TRANSPORT": transport, "UNISONO_EVENT_LOOP": event_loop}
    with serving(tmp_path / "unisono.db", env=env) as server:
        async with create_channel(server.address) as channel:
            await ApiClient(Client(channel, tokens.publisher()), user_id="ada").send()
        assert server.until("serving")["transport"] == transport
        assert ("uvloop" in Path(f"/proc/{server.pid}/maps").read_text(encoding="utf-8")) == native


def test_a_loop_that_is_not_installed_is_refused_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("unisono.server.config.serving.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="install the package uvloop"):
        Settings.model_validate({"event_loop": "uvloop"})


def test_without_uvloop_the_loop_is_asyncios(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unisono.server.app.event_loop.find_spec", lambda name: None)
    assert loop_factory("auto") is new_event_loop
