"""A send that breaks a rule is refused, with every bad field by name, and stores nothing."""

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from tests.support.api_client import ApiClient, time_of
from tests.support.clocks import FakeClock
from tests.support.nodes import Running
from tests.support.rpc_errors import case, invalid

DAY = 24 * 3600 * 1000


def visual(title: str, body: str = "") -> dict[str, Any]:
    return {"visual_content": {"title": title, "body": body}}


SENDS = [
    case("no user", "user_id", user_id=""),
    case("an endpoint of a publisher", "endpoint_id", endpoint_id="phone"),
    case("no payload", "payload", payload=None),
    case("an empty payload", "payload", payload={}),
    case("empty raw content", "payload", payload={"raw_content": b""}),
    case("no title", "payload.visual_content.title", payload={"visual_content": {}}),
    case("a body alone", "payload.visual_content.title", payload=visual("", "Body")),
    case(
        "no title beside raw content",
        "payload.visual_content.title",
        payload={"visual_content": {}, "raw_content": b"x"},
    ),
    case("U+0000 in the title", "payload.visual_content.title", payload=visual("a\0b")),
    case("U+0000 in the body", "payload.visual_content.body", payload=visual("a", "\0")),
    case("an unknown policy", "on_conflict", on_conflict=2),
    case("an unknown priority", "priority", priority=3),
    case("a negative priority", "priority", priority=-1),
    case("an unknown platform", "target_policy.platforms[1]", target_policy={"platforms": [1, 7]}),
    case("no platform", "target_policy.platforms[0]", target_policy={"platforms": [0]}),
    case("an empty endpoint", "target_policy.endpoint_ids[0]", target_policy={"endpoint_ids": [""]}),
    case("expiry in the past", "expire_time", expire_time=time_of(1)),
    case("expiry far ahead", "expire_time", expire_time=time_of(4_000_000_000_000)),
    case("shown for no time", "display_time_to_live", display_time_to_live=Duration()),
    case("shown for less than nothing", "display_time_to_live", display_time_to_live=Duration(seconds=-1)),
    case("shown for microseconds", "display_time_to_live", display_time_to_live=Duration(nanos=999_999)),
    case("shown for ever", "display_time_to_live", display_time_to_live=Duration(seconds=30 * 86400 + 1)),
    case(
        "shown for an impossible time",
        "display_time_to_live",
        display_time_to_live=Duration(seconds=1, nanos=1_000_000_000),
    ),
    case(
        "shown for a time of two signs",
        "display_time_to_live",
        display_time_to_live=Duration(seconds=2, nanos=-1_000_000),
    ),
    case(
        "several at once, the clock's too",
        "user_id",
        "app_notification_id",
        "group_name",
        "category",
        "payload.visual_content.title",
        "payload.visual_content.body",
        "payload.raw_content",
        "priority",
        "on_conflict",
        "target_policy.endpoint_ids[1]",
        "target_policy.platforms[0]",
        "display_time_to_live",
        "expire_time",
        user_id="",
        app_notification_id="a\nb",
        group_name="\x7f",
        category="\x7f",
        payload={"visual_content": {"body": "\0"}, "raw_content": b"x" * 32_769},
        priority=9,
        on_conflict=9,
        target_policy={"endpoint_ids": ["phone", "\t"], "platforms": [99]},
        display_time_to_live=Duration(),
        expire_time=time_of(1),
    ),
]


@pytest.mark.parametrize(("request_fields", "fields"), SENDS)
async def test_a_bad_send_names_every_bad_field(
    publisher: ApiClient, request_fields: dict[str, Any], fields: tuple[str, ...]
) -> None:
    with invalid(*fields):
        await publisher.send(**request_fields)
    assert (await publisher.feed()).last_revision == 0


@pytest.mark.parametrize("control", ["\0", "\t", "\n", "\x1f", "\x7f", "\x85", "\x9f"], ids=ascii)
@pytest.mark.parametrize("field", ["user_id", "app_notification_id", "group_name", "category"])
async def test_ids_keys_and_names_have_no_control_characters(
    publisher: ApiClient, field: str, control: str
) -> None:
    with invalid(field) as failure:
        await publisher.send(**{field: f"a{control}b"})
    assert failure.violations[field] == "must not contain control characters"


async def test_texts_may_have_all_but_nul(publisher: ApiClient) -> None:
    text = "".join(map(chr, range(1, 256))) + "\u2028\U0001f514"
    result = await publisher.send(payload=visual(text, text))
    assert (await publisher.get(result.id)).payload.visual_content.body == text


@pytest.mark.parametrize(("ahead", "good"), [(1, True), (0, False), (-1, False)])
async def test_expiry_is_in_the_future(held: Running, clock: FakeClock, ahead: int, good: bool) -> None:
    publisher = ApiClient(held.publisher, user_id="ada")
    expire_time = time_of(clock.now() + ahead)
    if good:
        assert (await publisher.send(expire_time=expire_time)).expire_time == expire_time
        return
    with invalid("expire_time") as failure:
        await publisher.send(expire_time=expire_time)
    assert failure.violations["expire_time"] == "must be in the future"


@pytest.mark.parametrize(("beyond", "good"), [(0, True), (1, False)])
async def test_expiry_is_at_most_30_days_ahead(
    held: Running, clock: FakeClock, beyond: int, good: bool
) -> None:
    publisher = ApiClient(held.publisher, user_id="ada")
    expire_time = time_of(clock.now() + 30 * DAY + beyond)
    if good:
        assert (await publisher.send(expire_time=expire_time)).expire_time == expire_time
        return
    with invalid("expire_time") as failure:
        await publisher.send(expire_time=expire_time)
    assert failure.violations["expire_time"] == "must be at most 30 days ahead"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (Duration(seconds=30 * 86400), Duration(seconds=30 * 86400)),
        (Duration(nanos=1_999_999), Duration(nanos=1_000_000)),
    ],
)
async def test_a_good_time_to_live_is_kept_in_milliseconds(
    publisher: ApiClient, given: Duration, kept: Duration
) -> None:
    result = await publisher.send(display_time_to_live=given)
    assert (await publisher.get(result.id)).display_time_to_live == kept
