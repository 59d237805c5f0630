"""What is wrong with a request in JSON is said in few words, and by name; what it costs is bounded."""

from typing import Any

import pytest

from tests.web.conftest import Web

SEND = "NotificationService/SendNotification"


@pytest.mark.parametrize(
    "query",
    [
        "connect=v2",
        "encoding=xml",
        "base64=1&message=%21",
        "&".join(["a=b"] * 50),
        "message=%7B",
        "compression=br",
    ],
)
async def test_a_query_that_is_wrong_is_refused(web: Web, query: str) -> None:
    answer = await web.client.get(
        f"{web.path('FeedService/GetFeed')}?{query}", headers=web.headers(web.device)
    )

    assert answer.status_code in (400, 501)
    assert answer.json()["code"] in ("invalid_argument", "unimplemented")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colour": 1}, "colour"),
        ({"payload": {"visualContent": {"titel": "a"}}}, "payload.visualContent.titel"),
        ({"payload": {"visualContent": {"actions": [{}, {"x": 1}]}}}, "payload.visualContent.actions[1].x"),
    ],
)
async def test_unknown_fields_are_refused_by_name(web: Web, body: dict[str, Any], field: str) -> None:
    answer = await web.post(SEND, body)

    assert answer.status_code == 400
    error = answer.json()
    assert error["code"] == "invalid_argument"
    violations = error["details"][1]["debug"]["fieldViolations"]
    assert violations == [{"field": field, "description": "is unknown"}]


async def test_an_unknown_field_of_a_long_list_is_refused_by_name(web: Web) -> None:
    good = {"userId": web.user_id, "payload": {"visualContent": {"title": "Hello"}}}
    body = {"requests": [*[good] * 99, {"payload": {"colour": 1}}]}

    answer = await web.post("NotificationService/BatchSendNotifications", body)

    violations = answer.json()["details"][1]["debug"]["fieldViolations"]
    assert violations == [{"field": "requests[99].payload.colour", "description": "is unknown"}]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"userId":"a","userId":"b"}',
        b'{"userId":"a","user_id":"b"}',
        b'{"userId":1}',
        b'{"priority":"LOUD"}',
        b'{"expireTime":"soon"}',
        b'{"silent":NaN}',
        b'{"payload":{"rawContent":"?"}}',
        b'{"priority":' + b"1" * 5000 + b"}",
        b'{"a":' * 30_000,
        b'{"payload":[' + b"[" * 5000,
    ],
    ids=range(14),
)
async def test_what_is_no_json_of_the_message_is_refused_in_few_words(web: Web, body: bytes) -> None:
    answer = await web.post(SEND, body)

    error = answer.json()
    assert (answer.status_code, error["code"]) == (400, "invalid_argument")
    assert len(error["message"]) < 600
    assert error["details"][0]["debug"]["reason"] in ("REQUEST_MALFORMED", "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("method", "size"),
    [("FeedService/GetFeed", 128 * 1024), ("NotificationService/BatchSendNotifications", 1024 * 1024)],
)
async def test_a_body_beyond_its_limit_is_refused_before_it_is_read(web: Web, method: str, size: int) -> None:
    answer = await web.post(method, b'{"userId":"' + b"a" * size + b'"}')

    error = answer.json()
    assert (answer.status_code, error["code"]) == (429, "resource_exhausted")
    assert error["details"][0]["debug"]["metadata"] == {"size": str(size + 13), "limit": str(size)}


async def test_a_list_that_no_request_may_have_is_refused_by_its_name(web: Web) -> None:
    answer = await web.post("NotificationService/BatchSendNotifications", {"requests": [{}] * 10_001})

    violations = answer.json()["details"][1]["debug"]["fieldViolations"]
    assert violations == [{"field": "requests", "description": "has more than 10000 items"}]


async def test_what_is_translated_in_one_piece_is_bounded(web: Web) -> None:
    item = {"targetPolicy": {"endpointIds": ["a"] * 3000}}

    one = await web.post(SEND, item)
    many = await web.post("NotificationService/BatchSendNotifications", {"requests": [{}, item]})

    found = [answer.json()["details"][1]["debug"]["fieldViolations"] for answer in (one, many)]
    text = "has more than 2000 values"
    assert found == [
        [{"field": "request", "description": text}],
        [{"field": "requests[1]", "description": text}],
    ]
