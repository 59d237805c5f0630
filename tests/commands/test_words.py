"""What is said about notifications, times and changes, and that it does no harm."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.commands.rows import NOW, a_row
from unisono.client import Action, BodyFormat, ChangeType, Event, ReadState, Status, UserActionState
from unisono.client.cli.formatting import events, json_output, texts, times

READ, DISMISSED, SNOOZED = ReadState.READ, UserActionState.DISMISSED, UserActionState.SNOOZED
ACTIVATED = UserActionState.ACTIVATED

#: Characters that control a terminal, or the direction of what follows.
HARMFUL = [*map(chr, range(1, 0x20)), *map(chr, range(0x7F, 0xA0)), *"\u202a\u202b\u202d\u202e\u2066\u2069"]


@pytest.mark.parametrize("harm", HARMFUL, ids=ascii)
def test_nothing_in_a_text_controls_a_terminal(harm: str) -> None:
    text = f"a{harm}b"
    shown = [texts.one_line(text), *texts.paragraphs(text), json_output.json_line({"title": text})]
    assert not any(harm in line for line in shown)
    assert all(line.isprintable() or "\ufffd" in line for line in shown)


def test_json_is_the_same_text_in_any_locale() -> None:
    line = json_output.json_line({"title": "日本語 \x1b\x9b\u202e ♪ 👍"})
    assert line.isascii()
    assert json.loads(line) == {"title": "日本語 \x1b\x9b\u202e ♪ 👍"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Hello", "Hello"),
        ("two\nlines\r\nand\ttabs", "two lines and tabs"),
        ("  much \u2028 room  ", "much room"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("日本語 שלום 👍", "日本語 שלום 👍"),
        ("", ""),
    ],
)
def test_a_title_is_one_line(text: str, line: str) -> None:
    assert texts.one_line(text) == line


def test_a_body_keeps_its_lines() -> None:
    assert texts.paragraphs("a\n\n  b\tc  \r\nd\x1b[2J") == ["a", "", "  b c", "d\ufffd[2J"]


@pytest.mark.parametrize(
    ("fields", "mark", "state"),
    [
        ({}, "●", "unread"),
        ({"read_state": READ}, "✓", "read"),
        ({"user_action_state": ACTIVATED, "read_state": READ}, "✓", "read, opened"),
        ({"user_action_state": ACTIVATED}, "●", "unread, opened"),
        ({"user_action_state": DISMISSED}, "✕", "unread, dismissed"),
        ({"user_action_state": SNOOZED}, "z", "unread, snoozed"),
    ],
)
def test_a_mark_and_a_state(fields: dict[str, Any], mark: str, state: str) -> None:
    row = a_row(**fields)
    assert (texts.mark_of(row), texts.state_of(row)) == (mark, state)


def test_content_for_the_app_alone_has_a_headline_too() -> None:
    assert texts.headline(a_row("", raw_content=b"123")) == "(3 bytes for the app)"


@pytest.mark.parametrize(
    ("seconds", "span", "ago"),
    [
        (-9, "0 s", "now"),
        (4.9, "4 s", "now"),
        (5, "5 s", "5 s ago"),
        (59, "59 s", "59 s ago"),
        (60, "1 min", "1 min ago"),
        (3599, "59 min", "59 min ago"),
        (3600, "1 h", "1 h ago"),
        (86_400, "1 d", "1 d ago"),
        (10_000_000, "115 d", "115 d ago"),
    ],
)
def test_ages(seconds: float, span: str, ago: str) -> None:
    length = timedelta(seconds=seconds)
    assert (times.span(length), times.ago(NOW - length, NOW)) == (span, ago)


def test_a_clock_names_the_day_where_it_is_another_one() -> None:
    here = NOW.astimezone(timezone(timedelta(hours=13)))
    assert times.clock(NOW - timedelta(hours=1), NOW) == "11:00"
    assert times.clock(NOW - timedelta(hours=13), NOW) == "Tue 3 Mar 23:00"
    assert times.clock(NOW - timedelta(hours=1), here) == "00:00"


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604_800)]
)
def test_spans_that_are_typed(text: str, seconds: int) -> None:
    assert times.typed_span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "-1s", "1.5h", "2 h", "h", "1w", "٣s", "999999999d", "36501d"]
)
def test_what_is_no_span(text: str) -> None:
    assert times.typed_span(text) is None


def test_moments_that_are_typed() -> None:
    assert times.typed_moment("2030-01-31T08:00Z") == datetime(2030, 1, 31, 8, tzinfo=UTC)
    assert times.typed_moment("2030-01-31T08:00+02:00") == datetime(2030, 1, 31, 6, tzinfo=UTC)
    local = times.typed_moment("2030-01-31T08:00")
    assert local == datetime(2030, 1, 31, 8).astimezone()  # what a person types
    assert [times.typed_moment(text) for text in ("", "soon", "2030-13-01", "25:00")] == [None] * 4


@pytest.mark.parametrize(
    ("change", "fields", "line"),
    [
        (ChangeType.CREATED, {"ring": True}, "♪ + Hello"),
        (ChangeType.CREATED, {}, "  + Hello"),
        (ChangeType.UPDATED, {}, "  ~ Hello"),
        (ChangeType.STATE_CHANGED, {}, "  = Hello: unread"),
        (ChangeType.DELETED, {"removed": True}, "  - Hello"),
        (ChangeType.EXPIRED, {"removed": True}, "  - Hello"),
        (ChangeType.UNSPECIFIED, {"removed": True}, "  - Hello"),
    ],
)
def test_lines_of_what_happens(change: ChangeType, fields: dict[str, bool], line: str) -> None:
    fields = {"ring": False, "removed": False, **fields}
    event = Event(notification=a_row(), revision=7, change_type=change, origin_endpoint_id="x", **fields)
    assert events.event_line(event) == line
    named = "gone" if change is ChangeType.UNSPECIFIED else change.name.lower()
    told = events.event_json(event, unread_count=3)
    assert told.pop("notification") == json_output.to_json(event.notification)
    assert told == {
        "event": named,
        **fields,
        "revision": 7,
        "unread_count": 3,
        "origin_endpoint_id": "x",
    }


OPENS: dict[str, Any] = {
    "link": "https://ci.test/812",
    "actions": (Action(action_id="r", label="Retry now"), Action(action_id="l", label="Log", link="ci:812")),
}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (ChangeType.CREATED, "  + Hello [Retry now] [Log] https://ci.test/812"),
        (ChangeType.UPDATED, "  ~ Hello [Retry now] [Log] https://ci.test/812"),
        (ChangeType.STATE_CHANGED, "  = Hello: unread"),
    ],
)
def test_a_line_of_new_content_says_what_can_be_done(change: ChangeType, line: str) -> None:
    row = a_row(**OPENS)
    event = Event(
        notification=row,
        revision=7,
        change_type=change,
        origin_endpoint_id="",
        ring=False,
        removed=False,
    )
    assert events.event_line(event) == line
    assert events.held_line(row) == "  ● Hello [Retry now] [Log] https://ci.test/812"


def test_what_others_have_written_does_no_harm_in_a_line() -> None:
    evil = "a\x1b[31m\u202eb\nc"
    row = a_row(evil, link=evil, actions=(Action(action_id=evil, label=evil, link=evil),))
    safe = "a\ufffd[31m\ufffdb c"
    assert texts.summary(row) == f"{safe} [{safe}] {safe}"


def test_what_there_is_for_the_app_alone() -> None:
    data = {"a": "", "b": ""}
    assert texts.headline(a_row("", data=data)) == "(data for the app)"
    assert texts.headline(a_row("", data=data, raw_content=b"123")) == "(3 bytes for the app)"
    assert texts.headline(a_row("Hello", data=data)) == "Hello"


@pytest.mark.parametrize(
    ("status", "trouble", "line"),
    [
        (Status.LIVE, "", "● live, 2 unread"),
        (Status.OFFLINE, "", "○ offline"),
        (Status.OFFLINE, "no connection", "○ offline: no connection"),
    ],
)
def test_lines_of_how_it_is_connected(status: Status, trouble: str, line: str) -> None:
    assert events.status_line(status, trouble, 2) == line


def test_a_shape_is_plain_under_the_names_of_the_contract() -> None:
    fields: dict[str, Any] = {"raw_content": b"\x00\xff", "display_time_to_live": timedelta(minutes=1.5)}
    shown: dict[str, Any] = {"data": {"a": "b"}, "format": BodyFormat.MARKDOWN, **OPENS}
    told = json_output.to_json(a_row(snooze_until=NOW, endpoint_ids=("a", "b"), **fields, **shown))
    assert told == json.loads(json_output.json_line(told))
    picked = ("raw_content", "display_time_to_live", "snooze_until", "endpoint_ids", "read_state", "priority")
    assert [told[name] for name in picked] == [
        *("AP8=", 90.0, "2026-03-04T12:00:00.000Z"),
        *(["a", "b"], "unread", "unspecified"),
    ]
    assert [told[name] for name in ("link", "data", "format")] == [OPENS["link"], {"a": "b"}, "markdown"]
    assert told["actions"] == [
        {"action_id": "r", "label": "Retry now", "link": ""},
        {"action_id": "l", "label": "Log", "link": "ci:812"},
    ]
