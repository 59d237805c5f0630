"""Who has the secret of a hook is let in, and nobody else: nobody else finds out which hooks there are."""

import hashlib
from collections.abc import Mapping

import pytest

from tests.support.api_client import ApiClient
from tests.support.clocks import FakeClock
from tests.support.hooked import SECRET, Answer, bearer, encoded, hook, post, signature, signed
from tests.support.nodes import Running
from unisono.server.api.hooks.proof import OLDEST_SIGNATURE
from unisono.server.core.access.hooks import HookSource

BODY = encoded({"id": "1", "title": "Backup done"})
NAMES = ("x-grafana-alerting-signature", "x-grafana-alerting-timestamp")


def stamped(seconds: int, body: bytes = BODY) -> dict[str, str]:
    """Return the headers by which Grafana signs a body with the time."""
    return dict(zip(NAMES, (signature(b"%d:" % seconds + body), str(seconds)), strict=True))


async def count(ada: ApiClient) -> int:
    return len((await ada.history()).notifications)


@pytest.mark.parametrize(
    "headers",
    [
        bearer(),
        {"Authorization": f"bearer  {SECRET}"},
        signed(BODY),
        {NAMES[0]: signature(BODY)},
    ],
)
async def test_each_way_to_show_the_secret(node: Running, ada: ApiClient, headers: Mapping[str, str]) -> None:
    answer = await post(node, "json", BODY, headers)

    assert (answer.status, answer.body["result"]) == (200, "sent")
    assert (await ada.get(answer.body["id"])).payload.visual_content.title == "Backup done"


WRONG = {
    "a bearer": bearer(SECRET + "x"),
    "an empty one": {"authorization": "Bearer "},
    "a password": {"authorization": "Basic YWRhOnNlY3JldA=="},
    "another secret's signature": signed(BODY, "another secret"),
    "the signature of another body": signed(BODY + b" "),
    "a short signature": {"x-hub-signature-256": "sha256=" + signature(BODY)[:-2]},
    "no digits": {"x-hub-signature-256": "sha256=hello"},
    "another hash": {"x-hub-signature-256": "sha1=" + signature(BODY)},
    "Grafana's, of another secret": {NAMES[0]: signature(BODY, "another secret")},
    "a time that was not signed": {NAMES[0]: signature(BODY), NAMES[1]: "1700000000"},
    "a time that is none": {NAMES[0]: signature(BODY), NAMES[1]: "yesterday"},
    "nothing": {},
}


@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
async def test_a_wrong_secret_is_refused_as_a_hook_is_that_does_not_exist(
    node: Running, ada: ApiClient, headers: Mapping[str, str]
) -> None:
    refused = [
        await post(node, hook_id, BODY, headers) for hook_id in ("json", "github", "a" * 22, "", "a/b")
    ]

    assert {answer.status for answer in refused} == {401}
    assert refused[0].headers["www-authenticate"] == "Bearer"
    told = {told_of(answer) for answer in refused}
    assert len(told) == 1, "\n".join(told)
    assert await count(ada) == 0


def told_of(answer: Answer) -> str:
    """Return all of an answer but the id of its request, and whether the body was there before it."""
    headers = {
        name: text for name, text in answer.headers.items() if name not in ("x-request-id", "connection")
    }
    return f"{answer.status} {headers} {answer.body}"


async def test_a_hash_alone_takes_the_secret_and_no_signature(node: Running) -> None:
    # Given hooks whose secret the server does not have, a hash and the secret that nobody has
    known = hook(HookSource.JSON, hook_id="hashed", secret=None)
    assert node.setup.hooks is not None
    node.setup.hooks.replace([known])

    assert (await post(node, "hashed", BODY, bearer())).status == 200
    for secret in (SECRET, "", hashlib.sha256(SECRET.encode()).hexdigest()):
        assert (await post(node, "hashed", BODY, signed(BODY, secret))).status == 401


async def test_a_signature_with_its_time_is_good_for_minutes(node: Running, clock: FakeClock) -> None:
    now = clock.now() // 1000
    ends = (now - OLDEST_SIGNATURE, now + OLDEST_SIGNATURE)

    assert [(await post(node, "json", BODY, stamped(at))).status for at in ends] == [200, 200]
    late = [await post(node, "json", BODY, stamped(at)) for at in (ends[0] - 1, ends[1] + 1)]
    assert [(one.status, one.reason) for one in late] == [(401, "TOKEN_EXPIRED")] * 2


async def test_two_secrets_are_none(node: Running) -> None:
    for other in (bearer("another"), bearer()):
        assert (await post(node, "json", BODY, bearer(), other)).status == 401


async def test_what_is_not_posted_is_refused_whatever_the_hook(node: Running) -> None:
    for hook_id in ("json", "unknown"):
        answer = await post(node, hook_id, b"", bearer(), method="GET")
        assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_a_hook_sends_to_its_user_alone(node: Running) -> None:
    body = encoded({"title": "Hello", "user_id": "bob", "user": "bob", "app_id": "chat.test"})
    assert (await post(node, "json", body, bearer())).status == 200

    assert not (await ApiClient(node.user("bob")).history()).notifications
    (sent,) = (await ApiClient(node.user("ada")).history()).notifications
    assert (sent.app_id, sent.user_id) == ("mail.test", "ada")
