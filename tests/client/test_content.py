"""What a payload may say, what a person sees and opens, and what is for the app: both services agree."""

from collections.abc import Iterable
from typing import Any

import pytest

from tests.client.conftest import Join, Serve
from unisono.client import (
    Action,
    BodyFormat,
    Device,
    InvalidRequest,
    Notification,
    Publisher,
    SendResult,
    draft,
)

#: Every part of a payload, as keywords of a send.
EVERYTHING: dict[str, Any] = {
    "title": "Build 812 failed",
    "body": "*3* of 1204 tests",
    "link": "https://ci.test/812?q=a%20b#tests",
    "icon_url": "https://ci.test/icon.png",
    "image_url": "https://[2001:db8::1]:8443/812.png",
    "actions": (
        Action(action_id="retry", label="Retry"),
        Action(action_id="log", label="Log", link="ci:812"),
    ),
    "format": BodyFormat.MARKDOWN,
    "raw_content": b"\0",
    "data": {"build": "812", "état": "", "😀": "z"},
}


def parts(row: Notification) -> dict[str, Any]:
    return {name: getattr(row, name) for name in EVERYTHING}


async def newest_at(device: Device, revision: int) -> Notification:
    await device.wait_for(lambda device: device.revision >= revision)
    return device.notifications[0]


async def test_a_payload_comes_as_it_was_sent(publisher: Publisher, join: Join) -> None:
    laptop = await join("laptop")
    result = await publisher.send("ada", **EVERYTHING)
    late = await join("phone")
    assert parts(await publisher.get("ada", result)) == EVERYTHING
    assert [parts(row) async for row in publisher.list("ada")] == [EVERYTHING]
    for device in (laptop, late):
        assert parts(await newest_at(device, 1)) == EVERYTHING


async def test_what_is_left_out_is_empty(publisher: Publisher) -> None:
    row = await publisher.get("ada", await publisher.send("ada", title="Hello"))
    assert (row.link, row.icon_url, row.image_url, row.actions, row.data) == ("", "", "", (), {})
    assert row.format is BodyFormat.UNSPECIFIED
    assert hash(row) == hash(await publisher.get("ada", row))


async def test_data_alone_is_enough(publisher: Publisher) -> None:
    row = await publisher.get("ada", await publisher.send("ada", data={"a": ""}))
    assert (row.title, row.raw_content, row.data) == ("", b"", {"a": ""})


async def test_a_patch_replaces_the_whole_payload(publisher: Publisher, laptop: Device) -> None:
    result = await publisher.send("ada", **EVERYTHING)
    row = await publisher.update("ada", result, title="Build 812", link="ci:812", data={"b": "2"})
    assert (row.title, row.link, row.data) == ("Build 812", "ci:812", {"b": "2"})
    assert (row.body, row.actions, row.format, row.raw_content) == ("", (), BodyFormat.UNSPECIFIED, b"")
    assert await newest_at(laptop, 2) == row
    assert parts(await publisher.update("ada", result, **EVERYTHING)) == EVERYTHING
    assert (await publisher.update("ada", result, **EVERYTHING)).revision == 3


async def test_data_in_another_order_is_the_same(publisher: Publisher) -> None:
    data = {f"key {number}": f"text {number}" for number in range(32)}
    first = await publisher.send("ada", app_notification_id="a", data=data)
    again = await publisher.send("ada", app_notification_id="a", data=dict(reversed(data.items())))
    assert (again.id, again.deduplicated) == (first.id, True)
    assert (await publisher.update("ada", first, data=dict(sorted(data.items())))).revision == 1


@pytest.mark.parametrize(
    "part",
    [
        {"link": "ci:813"},
        {"icon_url": "https://ci.test/"},
        {"image_url": ""},
        {"actions": EVERYTHING["actions"][::-1]},
        {"format": BodyFormat.UNSPECIFIED},
        {"data": {**EVERYTHING["data"], "état": "z"}},
    ],
    ids=lambda part: next(iter(part)),
)
async def test_another_part_is_other_content(publisher: Publisher, part: dict[str, Any]) -> None:
    first = await publisher.send("ada", app_notification_id="a", **EVERYTHING)
    content: dict[str, Any] = {**EVERYTHING, **part}
    again = await publisher.send("ada", app_notification_id="a", replace=True, **content)
    assert (again.id, again.revision, again.deduplicated) == (first.id, 2, False)


async def problems(publisher: Publisher, contents: Iterable[dict[str, Any]]) -> list[str]:
    """What is wrong with the one bad field of each, in the order of contents; empty if it was stored."""
    outcomes = await publisher.batch([draft("ada", **content) for content in contents])
    return [_problem(outcome) for outcome in outcomes]


def _problem(outcome: SendResult | Exception) -> str:
    if isinstance(outcome, SendResult):
        return ""
    assert isinstance(outcome, InvalidRequest)
    (problem,) = outcome.violations.values()
    return problem


LINKS = (
    "https://unisono.test",
    "HTTP://a",
    "mailto:ada@unisono.test",
    "tel:+1",
    "my.app+x-1://open?id=17#top",
    "x:y",
    "x:javascript:y",
    "datas:x",
    "https://unisono.test/été?q=✓",
)
FORBIDDEN = ("javascript", "data", "vbscript", "file", "blob", "filesystem", "view-source", "about")
#: White space and control characters, as Unicode has them.
GAPS = "\t\n\x0b\x0c\r\x1c\x1f \x7f\x80\x85\x9f\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
NO_LINKS = (
    "x",
    "x:",
    ":x",
    "1x:y",
    "é:y",
    "//unisono.test",
    "/path",
    "a_b:c",
    "a%41:c",
    "java\nscript:x",
    *(f"x:y{gap}" for gap in GAPS),
    *(f"{gap}x:y" for gap in GAPS),
    *(f"x:y{gap}z" for gap in GAPS),
)


@pytest.mark.parametrize("links", [LINKS, NO_LINKS], ids=["good", "bad"])
async def test_a_link_has_a_scheme_and_no_gap(publisher: Publisher, links: tuple[str, ...]) -> None:
    bad = "must be a scheme, a colon and more, without white space or control characters"
    found = await problems(publisher, ({"title": "x", "link": link} for link in links))
    assert dict(zip(links, found, strict=True)) == dict.fromkeys(links, "" if links is LINKS else bad)


@pytest.mark.parametrize("scheme", FORBIDDEN)
async def test_a_link_neither_runs_code_nor_reads_the_device(publisher: Publisher, scheme: str) -> None:
    links = (f"{scheme}:x", f"{scheme.upper()}:x", f"{scheme.title()}://x")
    actions = ([Action(action_id="a", label="A", link=link)] for link in links)
    found = await problems(publisher, ({"title": "x", "link": link} for link in links))
    found += await problems(publisher, ({"title": "x", "actions": one} for one in actions))
    assert found == [f"must not have the scheme {scheme}"] * 6


PICTURES = (
    "https://unisono.test",
    "HTTPS://unisono.test:443",
    "https://unisono.test/a@b:c\\d",
    "https://[::1]/",
    "https://münchen.test?x",
    "https://a#b",
)
NO_PICTURES = (
    "http://unisono.test",
    "https:unisono.test",
    "https:/unisono.test",
    "https://",
    "https:///path",
    "https://?x",
    "https://#x",
    "https://:443",
    "https://ada@unisono.test",
    "https://unisono.test:port",
    "https://unisono.test:1:2",
    "https://unisono.test\\@evil.test",
    "https://\\evil.test",
    "https://[evil.test]",
    "xhttps://unisono.test",
)


@pytest.mark.parametrize("field", ["icon_url", "image_url"])
@pytest.mark.parametrize("urls", [PICTURES, NO_PICTURES], ids=["good", "bad"])
async def test_a_picture_is_at_a_host_by_https(
    publisher: Publisher, field: str, urls: tuple[str, ...]
) -> None:
    found = await problems(publisher, ({"title": "x", field: url} for url in urls))
    bad = "" if urls is PICTURES else "must be https:// and a host"
    assert dict(zip(urls, found, strict=True)) == dict.fromkeys(urls, bad)


SEEN = ("x", "☂", "\u0301", " x ", "\u200bx", "\u3164あ", "🔔", "\x01\x1b[2J")
#: Of Unicode's categories C and Z, and five letters and signs that are blank.
UNSEEN = (
    *" \t\x1f\x7f\x9f\xa0\xad\u115f\u1160\u200b\u200d\u2028\u2060\u2800\u3000\u3164\ue000\ufeff\uffa0\uffff",
    " \u200b\u2800 \n",
    "\u3164" * 20,
)


@pytest.mark.parametrize("texts", [SEEN, UNSEEN], ids=["good", "bad"])
async def test_a_title_and_a_label_have_something_to_see(
    publisher: Publisher, texts: tuple[str, ...]
) -> None:
    expected = dict.fromkeys(texts, "" if texts is SEEN else "must have something to see")
    titles = await problems(publisher, ({"title": text} for text in texts))
    assert dict(zip(texts, titles, strict=True)) == expected
    actions = ([Action(action_id="a", label=text)] for text in texts)
    labels = await problems(publisher, ({"title": "x", "actions": one} for one in actions))
    assert dict(zip(texts, labels, strict=True)) == expected


async def test_a_patch_is_held_to_the_same_rules(publisher: Publisher) -> None:
    result = await publisher.send("ada", title="x")
    with pytest.raises(InvalidRequest) as raised:
        await publisher.update("ada", result, title="\u200b", link="about:blank", data={"": "x"})
    assert raised.value.violations == {
        "content.payload.data": "must not have an empty key",
        "content.payload.visual_content.title": "must have something to see",
        "content.payload.visual_content.link": "must not have the scheme about",
    }
    assert (await publisher.get("ada", result)).revision == 1


async def test_data_has_limits(publisher: Publisher) -> None:
    many = {f"{number}": "" for number in range(31)}
    good: list[dict[str, str]] = [
        {f"{number}": "" for number in range(32)},
        {"é" * 64: ""},
        {"é": "x" * 4094},
        {"a" * 128: "é" * 1984},
        {"a": "\x01\n\u200b"},
    ]
    bad: dict[str, dict[str, str]] = {
        "must have at most 32 members": {f"{number}": "" for number in range(33)},
        "must have keys of at most 128 bytes": {**many, "a" + "é" * 64: ""},
        "must be at most 4096 bytes, is 4097": {"é": "x" * 4095},
        "must not have control characters in keys": {**many, "a\x85": ""},
        "must not have U+0000 in texts": {**many, "a": "b\0"},
        "must not have an empty key": {**many, "": "x"},
    }
    assert await problems(publisher, ({"data": data} for data in good)) == [""] * len(good)
    assert await problems(publisher, ({"data": data} for data in bad.values())) == list(bad)


async def test_there_are_few_actions_each_with_a_name_of_its_own(publisher: Publisher) -> None:
    four = [Action(action_id=f"{number}", label="x") for number in range(4)]
    some = (four, [*four, four[0]], four[:2] + four[:1], [Action(action_id="", label="x")])
    found = await problems(publisher, ({"title": "x", "actions": actions} for actions in some))
    assert found == ["", "must have at most 4 members", "is that of an action before it", "is required"]


async def test_what_is_shown_needs_a_title(publisher: Publisher) -> None:
    shown: tuple[dict[str, Any], ...] = (
        {"link": "x:y"},
        {"actions": EVERYTHING["actions"]},
        {"format": BodyFormat.MARKDOWN},
        {"body": ""},
    )
    assert await problems(publisher, ({"data": {"a": "b"}, **part} for part in shown)) == ["is required"] * 4


async def test_empty_parts_are_none(publisher: Publisher) -> None:
    empty: dict[str, Any] = {"link": "", "actions": [], "data": {}, "format": BodyFormat.UNSPECIFIED}
    contents = (empty, {**empty, "raw_content": b"x"})
    assert await problems(publisher, contents) == ["must have visual_content, raw_content or data", ""]


async def test_an_operator_chooses_how_long_links_and_data_are(serve: Serve) -> None:
    service = await serve(link_bytes=100, data_bytes=100)
    contents = (
        {"title": "x", "link": "x:" + "y" * 99},
        {"data": {"x": "y" * 100}},
        {"title": "x", "link": "x:" + "y" * 98, "data": {"x": "y" * 99}},
    )
    async with Publisher(service.transport, service.app_token()) as publisher:
        assert await problems(publisher, contents) == [
            "must be at most 100 bytes, is 101",
            "must be at most 100 bytes, is 101",
            "",
        ]
