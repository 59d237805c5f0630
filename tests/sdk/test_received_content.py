"""What a device receives is held to the rule for links again, whatever a server let pass."""

from pathlib import Path

import pytest

from tests.sdk.device_script import LIVE, Message, created, laptop, scripted_streams, until
from tests.support.stub_server import StubServer
from unisono.client import Action, BodyFormat, FileStorage
from unisono.v1 import notification_pb2 as pb

NOWHERE = "127.0.0.1:1"
GOOD = pb.VisualContent(
    title="Hello",
    link="mailto:ada",
    icon_url="https://unisono.test/i",
    image_url="https://unisono.test/j",
    actions=[pb.Action(action_id="a", label="A", link="app:x"), pb.Action(action_id="b", label="B")],
    format=pb.BODY_FORMAT_MARKDOWN,
)
BAD = ("javascript:x", "JAVASCRIPT:x", "file:///etc/passwd", " https://unisono.test", "https://a\nb", "x")


def bringing(visual: pb.VisualContent, **data: str) -> Message:
    message = created(1)
    payload = message.event_batch.events[0].notification.payload
    payload.visual_content.CopyFrom(visual)
    payload.data.update(data)
    return message


@pytest.mark.parametrize("link", BAD, ids=ascii)
async def test_a_link_that_breaks_the_rule_is_given_as_none(script: StubServer, link: str) -> None:
    bad = pb.VisualContent(title="Hello", link=link, icon_url=link, image_url=link)
    bad.actions.add(action_id="a", label="A", link=link)
    script.stream("Subscribe", scripted_streams([*LIVE, bringing(bad)]))
    async with laptop(script.target) as device:
        await until(device, lambda device: device.revision == 1)
        (row,) = device.notifications
    assert (row.title, row.link, row.icon_url, row.image_url) == ("Hello", "", "", "")
    assert row.actions == (Action(action_id="a", label="A"),)


async def test_a_picture_is_not_got_in_the_clear(script: StubServer) -> None:
    url = "http://unisono.test/i"
    shown = pb.VisualContent(title="Hello", link=url, icon_url=url, image_url=url)
    script.stream("Subscribe", scripted_streams([*LIVE, bringing(shown)]))
    async with laptop(script.target) as device:
        await until(device, lambda device: device.revision == 1)
        (row,) = device.notifications
    assert (row.link, row.icon_url, row.image_url) == (url, "", "")


async def test_a_file_holds_all_of_a_payload(script: StubServer, tmp_path: Path) -> None:
    script.stream("Subscribe", scripted_streams([*LIVE, bringing(GOOD, order="17", état="")]))
    async with laptop(script.target, storage=FileStorage(tmp_path / "inbox")) as device:
        await until(device, lambda device: device.revision == 1)
        held = device.notifications

    async with laptop(NOWHERE, storage=FileStorage(tmp_path / "inbox")) as device:
        assert device.notifications == held
        (row,) = device.notifications
    assert (row.link, row.icon_url, row.image_url) == (GOOD.link, GOOD.icon_url, GOOD.image_url)
    assert row.actions == (Action(action_id="a", label="A", link="app:x"), Action(action_id="b", label="B"))
    assert (row.format, row.data) == (BodyFormat.MARKDOWN, {"order": "17", "état": ""})


async def test_a_format_that_nobody_knows_yet_is_plain_text(script: StubServer) -> None:
    shown = pb.VisualContent(title="Hello")
    shown.format = 99  # type: ignore[assignment]  # of a newer server
    script.stream("Subscribe", scripted_streams([*LIVE, bringing(shown)]))
    async with laptop(script.target) as device:
        await until(device, lambda device: device.revision == 1)
        assert device.notifications[0].format is BodyFormat.UNSPECIFIED
