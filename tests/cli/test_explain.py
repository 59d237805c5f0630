"""`explain` says in sentences why a device did not ring, and asks the running server for that."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.command import run, said
from tests.e2e.renewable import Renewable
from tests.support import tokens
from tests.support.api_client import READ, ApiClient
from tests.support.nodes import Client
from tests.support.processes import TESTERS, ServerProcess, serving, url
from unisono.client import create_channel
from unisono.v1 import notification_pb2 as pb


@dataclass(frozen=True)
class Place:
    """A server, and where its store is."""

    server: ServerProcess
    store: Path
    flags: tuple[str, ...] = ()

    def explain(self, *args: object, app: str = "mail.test") -> Result:
        at = ("--store", url(self.store), "--listen", self.server.address, *self.flags)
        return run("explain", "--app", app, *args, *at, **TESTERS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    store = tmp_path_factory.mktemp("explain") / "unisono.db"
    with serving(store) as server:
        yield Place(server, store)


async def act(place: Place, user_id: str) -> tuple[str, str]:
    """Have a phone that reads the first of two notifications; the second is for iOS alone, and gone."""
    async with create_channel(place.server.address) as channel:
        phone = ApiClient(Client(channel, tokens.device(user_id)), endpoint_id="phone")
        backend = ApiClient(Client(channel, tokens.publisher()), user_id=user_id)
        await phone.register()
        first = await backend.send("Zq7xKw", app_notification_id="order-17")
        ios = {"platforms": [pb.DEVICE_PLATFORM_IOS]}
        second = await backend.send("Zq7xKw", target_policy=ios, silent=True)
        await phone.mark(first.id, read_state=READ)
        await backend.delete(second.id)
    return first.id, second.id


async def test_for_a_person(place: Place) -> None:
    first, second = await act(place, "ada")
    result = place.explain("ada")
    assert result.exit_code == 0, result.output
    text = result.stdout
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[0].startswith("ada of mail.test, at 20")
    assert lines[1] == "The feed is at revision 4, with 1 live notification, 0 of them unread."
    assert "phone LINUX" in lines[4]
    assert lines[4].endswith("nothing none is open")
    assert lines.index(first) < lines.index(second)
    assert "rings no: it was read" in lines
    assert "rings no: it was removed" in lines
    assert "phone not meant for it: the target policy names the platform IOS" in lines
    assert (
        "phone whether it has it is not known: it has acknowledged nothing, and no stream of it is open"
        in lines
    )
    assert any(line.endswith("at revision 1, by a backend of the app") for line in lines)
    assert any(line.endswith("at revision 3, by the device phone") for line in lines)
    assert any(line.endswith("at revision 2, by a backend of the app, silently") for line in lines)
    assert any(line.endswith("at revision 4, by the backend mail-client") for line in lines)
    assert "Zq7xKw" not in text


async def test_one_by_its_id_or_by_the_key_of_the_app(place: Place) -> None:
    first, second = await act(place, "ben")
    by_id, by_key = place.explain("ben", second), place.explain("ben", "order-17")
    assert (by_id.exit_code, by_key.exit_code) == (0, 0)
    assert second in by_id.stdout
    assert first not in by_id.stdout
    assert first in by_key.stdout
    assert place.explain("ben", second, "--key").exit_code == 1


async def test_for_programs(place: Place) -> None:
    first, second = await act(place, "cleo")
    found = json.loads(place.explain("cleo", "--json").stdout)
    assert [one["id"] for one in found["notifications"]] == [first, second]
    one, gone = found["notifications"]
    assert (one["ringing"], one["removal"]) == ("RINGING_READ", None)
    assert gone["removal"] == "CHANGE_TYPE_DELETED"
    assert gone["deliveries"][0]["reach"] == "REACH_NOT_TARGETED"
    assert found["feed"]["last_revision"] == 4


async def test_pages(place: Place) -> None:
    async with create_channel(place.server.address) as channel:
        backend = ApiClient(Client(channel, tokens.publisher()), user_id="dora")
        sent = [(await backend.send()).id for _ in range(3)]
    first = place.explain("dora", "--limit", 2).stdout
    assert [id_ in first for id_ in sent] == [False, True, True]
    assert "There are older ones that are live: --page 2" in first
    second = place.explain("dora", "--limit", 2, "--page", 2).stdout
    assert [id_ in second for id_ in sent] == [True, False, False]


def test_what_is_not_known_is_said_to_be_not_known(place: Place) -> None:
    result = place.explain("nobody")
    assert result.exit_code == 1
    assert "Nothing is stored of the user here" in result.stdout
    assert result.stderr == ""


async def test_a_notification_that_is_not_known(place: Place) -> None:
    await act(place, "emil")
    result = place.explain("emil", "never")
    assert result.exit_code == 1
    assert "The notification never is not known" in result.stdout


def test_an_app_that_is_not_declared_is_named(place: Place) -> None:
    result = place.explain("ada", app="mial.test")
    assert result.exit_code == 1
    assert (
        "No app 'mial.test' is declared in these settings; there are: mail.test, chat.test" in result.stderr
    )


async def test_a_user_with_any_name_is_only_shown(place: Place) -> None:
    async with create_channel(place.server.address) as channel:
        name = "phone \u202e\u2066 \u001b".replace("\u001b", "")
        device = ApiClient(Client(channel, tokens.device("eve \u202e")), endpoint_id=name)
        await device.register()
    text = place.explain("eve \u202e").stdout
    assert "\u202e" not in text
    assert '"eve \\u202e" of mail.test' in text


@pytest.mark.parametrize("args", [(), ("ada", "one", "two"), ("ada", "--limit", 21), ("ada", "--limit", 0)])
def test_wrong_arguments(place: Place, args: tuple[object, ...]) -> None:
    assert place.explain(*args).exit_code == 2


def test_what_the_server_finds_wrong_is_said(place: Place) -> None:
    result = place.explain("ada", "--page", "x")
    assert result.exit_code == 1
    assert "page_token: is not one that this method gave out" in said(result)


def test_with_tls(tmp_path: Path) -> None:
    files, store = Renewable(tmp_path), tmp_path / "unisono.db"
    with serving(store, *files.flags) as server:
        assert "Nothing is stored" in Place(server, store, tuple(map(str, files.flags))).explain("ada").stdout
