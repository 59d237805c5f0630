"""Anybody who sends a JSON object is shown, by our names of fields or by those of the hook."""

from typing import Any

import pytest

from tests.support.api_client import READ, ApiClient
from tests.support.hooked import Answer, bearer, encoded, hook, post
from tests.support.nodes import Running
from unisono.server.core.access.hooks import HookSource
from unisono.server.model import Limits
from unisono.v1 import notification_pb2 as pb


async def tell(node: Running, **document: Any) -> Answer:
    return await post(node, "json", encoded(document), bearer())


async def test_all_fields(node: Running, ada: ApiClient) -> None:
    answer = await tell(
        node,
        id=42,
        title="Backup done",
        body="12 GiB",
        link="https://backup.example/42",
        icon_url="https://backup.example/icon.png",
        image_url="https://backup.example/chart.png",
        group="backups",
        category="job",
        priority="low",
        data={"host": "db-1", "gib": 12, "list": [1]},
        silent=True,
    )

    assert answer.status == 200
    shown = await ada.get(key="42")
    content = shown.payload.visual_content
    assert (content.title, content.body, content.link) == (
        "Backup done",
        "12 GiB",
        "https://backup.example/42",
    )
    assert content.icon_url == "https://backup.example/icon.png"
    assert content.image_url == "https://backup.example/chart.png"
    assert (shown.group_name, shown.category, shown.priority) == ("backups", "job", pb.PRIORITY_LOW)
    assert dict(shown.payload.data) == {"host": "db-1", "gib": "12"}
    assert shown.alert_revision == 0


async def test_an_id_is_one_notification(node: Running, ada: ApiClient) -> None:
    first = await tell(node, id="b", title="Backup runs")

    assert (await tell(node, id="b", title="Backup runs")).body == {**first.body, "result": "repeated"}
    conflict = await tell(node, id="b", title="Backup done")
    assert (conflict.status, conflict.reason) == (409, "KEY_CONFLICT")
    assert (await tell(node, id="b", title="Backup done", replace=True)).body == first.body
    assert (await tell(node, id="b", read=True)).body == {"result": "read"}

    (shown,) = (await ada.history()).notifications
    assert (shown.payload.visual_content.title, shown.read_state) == ("Backup done", READ)


async def test_without_an_id_each_is_another(node: Running, ada: ApiClient) -> None:
    for _ in range(2):
        assert (await tell(node, title="Hello")).body["result"] == "sent"
    assert len((await ada.history()).notifications) == 2


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({}, "title"),
        ({"title": " "}, "title"),
        ({"title": ["no", "text"]}, "title"),
        ({"read": True}, "id"),
        ({"title": "Hello", "priority": "urgent"}, "priority"),
    ],
)
async def test_what_cannot_be_shown_is_refused_by_name(
    node: Running, ada: ApiClient, document: dict[str, Any], named: str
) -> None:
    answer = await tell(node, **document)

    assert (answer.status, answer.body["code"]) == (400, "invalid_argument")
    assert answer.body["message"].startswith(f"{named}: ")
    assert not (await ada.history()).notifications


async def test_a_hook_says_where_the_fields_are(node: Running, ada: ApiClient) -> None:
    # Given a sender with a shape of its own
    assert node.setup.hooks is not None
    fields = {"id": "event.ids.1", "title": "event.name", "body": "text", "link": "nowhere.9.x"}
    node.setup.hooks.replace([hook(HookSource.JSON, fields=fields)])

    answer = await tell(node, event={"ids": ["a", "b"], "name": "Door opened"}, text="At night", title="no")

    shown = await ada.get(answer.body["id"])
    assert shown.app_notification_id == "b"
    content = shown.payload.visual_content
    assert (content.title, content.body, content.link) == ("Door opened", "At night", "")


async def test_what_is_too_long_is_cut_and_what_must_not_be_opened_left_out(
    node: Running, ada: ApiClient
) -> None:
    limits = Limits()
    answer = await tell(
        node,
        title="ü" * limits.title_bytes,
        body="b\x00\ud800" + "x" * limits.body_bytes,
        link="javascript:alert(1)",
        icon_url="http://not.encrypted.example/",
        image_url="https://long.example/" + "x" * limits.link_bytes,
        group="g\n" * limits.id_bytes,
        category="\u0007",
        id="k" * (limits.id_bytes + 1),
        data={"a" * 200: "1", "b": "x" * limits.data_bytes, **{f"c{n}": "1" for n in range(40)}},
    )

    assert answer.status == 200
    shown = await ada.get(answer.body["id"])
    content = shown.payload.visual_content
    assert content.title.endswith("ü…")
    assert limits.title_bytes - 1 <= len(content.title.encode()) <= limits.title_bytes
    assert content.body.startswith("b\ufffdx")
    assert len(content.body.encode()) == limits.body_bytes
    assert (content.link, content.icon_url, content.image_url) == ("", "", "")
    assert len(shown.group_name.encode()) == limits.id_bytes
    assert (shown.category, len(shown.app_notification_id)) == ("", len("sha256:") + 64)
    assert set(shown.payload.data) == {f"c{n}" for n in range(32)}
