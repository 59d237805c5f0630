"""Whatever a sender says, it becomes a request that is good, or is refused as a mistake of the sender."""

import json
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import example, given
from hypothesis import strategies as st

from unisono.server.api.convert.content import content
from unisono.server.api.convert.fields import identifier
from unisono.server.api.convert.violations import Violations
from unisono.server.api.hooks.document import document
from unisono.server.api.hooks.event import Ignored, News, Settled
from unisono.server.api.hooks.fitting import key_of, send_request
from unisono.server.api.hooks.handling import Read
from unisono.server.api.hooks.sources import alerts, github, plain
from unisono.server.config.hook_table import PLAIN_FIELDS
from unisono.server.errors import InvalidRequest
from unisono.server.model import Limits

#: Names that a source of alerts or GitHub looks for.
NAMES: Final = (
    *(
        "action",
        "alertname",
        "alerts",
        "annotations",
        "author",
        "avatar_url",
        "body",
        "commits",
        "commonLabels",
    ),
    *(
        "compare",
        "conclusion",
        "description",
        "externalURL",
        "full_name",
        "generatorURL",
        "head_branch",
        "html_url",
    ),
    *(
        "imageURL",
        "issue",
        "labels",
        "login",
        "message",
        "name",
        "number",
        "panelURL",
        "pull_request",
        "pusher",
    ),
    *(
        "receiver",
        "ref",
        "release",
        "repository",
        "sender",
        "severity",
        "startsAt",
        "status",
        "summary",
        "title",
    ),
    *("truncatedAlerts", "workflow_run", "zen"),
)
WORDS: Final = ("firing", "resolved", "opened", "closed", "published", "completed", "high", "refs/heads/x")
NASTY: Final = (
    "",
    " ",
    "\u3164",
    "\x00",
    "a\x00b",
    "a\x07b",
    "javascript:x",
    "http://x",
    "https://",
    "\ud800",
)
EVENTS: Final = ("ping", "push", "issues", "pull_request", "release", "workflow_run")

#: The fields of plain JSON that may have any value: what is wrong in the others is refused.
FREE: Final = [name for name in PLAIN_FIELDS if name not in ("title", "priority", "read")]

texts = st.one_of(
    st.sampled_from((*WORDS, *NASTY, "x" * 40_000)),
    st.text(st.characters(exclude_categories=()), max_size=300),
)
leaves = st.one_of(
    texts,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dictionaries(texts, texts, max_size=3),
    st.just({f"k{n}": "v" for n in range(40)}),
)
objects = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, leaves))
documents = st.fixed_dictionaries(
    {}, optional={name: st.one_of(leaves, objects, st.lists(objects, max_size=3)) for name in NAMES}
)
limits = st.builds(
    Limits,
    title_bytes=st.integers(16, 200),
    body_bytes=st.integers(3, 200),
    id_bytes=st.integers(36, 100),
    data_bytes=st.integers(1, 2000),
    link_bytes=st.integers(16, 100),
)


def becomes_good(read: Read, headers: Mapping[str, str], found: Mapping[str, Any], bounds: Limits) -> None:
    """Read what was sent, and hold what becomes of it to the rules of a request."""
    try:
        told = read(headers, document(json.dumps(found).encode()))
    except InvalidRequest:
        return
    violations = Violations()
    news = told if isinstance(told, News) else told.news if isinstance(told, Settled) else None
    if news is not None:
        request = send_request("ada", news, bounds)
        content(violations, request, bounds)
        assert bool(request.app_notification_id) == bool(news.key)
    key = "" if isinstance(told, Ignored) else key_of(told.key, bounds)
    identifier(violations, "app_notification_id", key, bounds.id_bytes, required=False)
    violations.check()


@given(documents, limits)
def test_alerts(found: dict[str, Any], bounds: Limits) -> None:
    becomes_good(alerts.read, {}, {"status": "firing", "groupKey": "k", **found}, bounds)


@given(st.sampled_from(EVENTS), documents, limits)
def test_github(event: str, found: dict[str, Any], bounds: Limits) -> None:
    becomes_good(github.read, {"x-github-event": event, "x-github-delivery": "d"}, found, bounds)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FREE, leaves)), limits)
@example({"id": "a\x07b", "data": {"a": "a\x00b", "a\x07b": "a"}}, Limits())
@example({"title": "\u200b\u3164", "id": "\ud800" * 40}, Limits())
def test_plain(found: dict[str, Any], bounds: Limits) -> None:
    becomes_good(plain.reader({}), {}, {"title": "Hello", **found}, bounds)
