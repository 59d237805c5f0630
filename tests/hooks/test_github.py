"""What GitHub tells becomes a notification of its own, once, however often it is delivered."""

from typing import Any

import pytest

from tests.support.api_client import ApiClient
from tests.support.hooked import Answer, encoded, post, signed
from tests.support.nodes import Running
from unisono.v1 import notification_pb2 as pb

REPOSITORY = {
    "id": 7,
    "name": "lighthouse",
    "full_name": "harbour/lighthouse",
    "private": True,
    "html_url": "https://github.example/harbour/lighthouse",
}
SENDER = {"login": "grace", "id": 3, "avatar_url": "https://avatars.example/u/3?v=4", "type": "User"}
COMMON = {"repository": REPOSITORY, "sender": SENDER}

COMMITS = [
    {
        "id": f"{n:040x}",
        "message": f"Trim lamp {n}\n\nIt smoked.",
        "author": {"name": "Grace", "username": "grace"},
    }
    for n in range(1, 8)
]
PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": "0" * 39 + "1",
    "after": "0" * 39 + "7",
    "created": False,
    "deleted": False,
    "forced": False,
    "compare": "https://github.example/harbour/lighthouse/compare/1...7",
    "commits": COMMITS,
    "head_commit": COMMITS[-1],
    "pusher": {"name": "grace", "email": "grace@harbour.example"},
}
ISSUE = {
    "number": 12,
    "title": "The lamp smokes",
    "state": "open",
    "html_url": "https://github.example/harbour/lighthouse/issues/12",
}
PULL_REQUEST = {
    "number": 13,
    "title": "Trim the wick",
    "merged": False,
    "html_url": "https://github.example/harbour/lighthouse/pull/13",
}
RELEASE = {
    "tag_name": "v1.2",
    "name": "",
    "body": "Brighter.",
    "html_url": "https://github.example/harbour/lighthouse/releases/v1.2",
}
RUN = {
    "name": "CI",
    "display_title": "Trim the wick",
    "head_branch": "wick",
    "status": "completed",
    "conclusion": "failure",
    "html_url": "https://github.example/harbour/lighthouse/actions/runs/99",
}


async def deliver(node: Running, event: str, delivery: str = "d-1", **body: Any) -> Answer:
    """Deliver an event as GitHub does."""
    document = encoded({**COMMON, **body})
    headers = {"x-github-event": event, "x-github-delivery": delivery, "user-agent": "GitHub-Hookshot/1"}
    return await post(node, "github", document, headers, signed(document))


SHOWN = {
    "a push": (
        ("push", PUSH),
        "harbour/lighthouse: 7 commits to branch main by grace",
        "2 more, then:\n" + "\n".join(f"Trim lamp {n} (Grace)" for n in range(3, 8)),
        PUSH["compare"],
    ),
    "a forced push of one": (
        ("push", {**PUSH, "forced": True, "commits": COMMITS[:1]}),
        "harbour/lighthouse: 1 commit to branch main by grace, forced",
        "Trim lamp 1 (Grace)",
        PUSH["compare"],
    ),
    "a branch that goes": (
        ("push", {**PUSH, "deleted": True, "commits": [], "ref": "refs/heads/old/wick"}),
        "harbour/lighthouse: branch old/wick deleted",
        "by grace",
        REPOSITORY["html_url"],
    ),
    "a tag": (
        ("push", {**PUSH, "created": True, "commits": [], "ref": "refs/tags/v1.2"}),
        "harbour/lighthouse: tag v1.2 created",
        "by grace",
        PUSH["compare"],
    ),
    "an issue": (
        ("issues", {"action": "opened", "issue": ISSUE}),
        "harbour/lighthouse: issue #12 opened",
        "The lamp smokes\nby grace",
        ISSUE["html_url"],
    ),
    "a pull request": (
        ("pull_request", {"action": "review_requested", "number": 13, "pull_request": PULL_REQUEST}),
        "harbour/lighthouse: pull request #13 review requested",
        "Trim the wick\nby grace",
        PULL_REQUEST["html_url"],
    ),
    "one that is merged": (
        ("pull_request", {"action": "closed", "pull_request": {**PULL_REQUEST, "merged": True}}),
        "harbour/lighthouse: pull request #13 merged",
        "Trim the wick\nby grace",
        PULL_REQUEST["html_url"],
    ),
    "a release": (
        ("release", {"action": "published", "release": RELEASE}),
        "harbour/lighthouse: release v1.2",
        "Brighter.",
        RELEASE["html_url"],
    ),
    "a run": (
        ("workflow_run", {"action": "completed", "workflow_run": RUN}),
        "harbour/lighthouse: CI failed",
        "Trim the wick\non wick",
        RUN["html_url"],
    ),
    "a ping": (
        ("ping", {"zen": "Keep it logically awesome.", "hook_id": 4, "hook": {"type": "Repository"}}),
        "harbour/lighthouse: GitHub is connected",
        "Keep it logically awesome.",
        REPOSITORY["html_url"],
    ),
}


@pytest.mark.parametrize(("delivered", "title", "body", "link"), SHOWN.values(), ids=SHOWN)
async def test_what_is_shown(
    node: Running, ada: ApiClient, delivered: tuple[str, dict[str, Any]], title: str, body: str, link: str
) -> None:
    event, document = delivered
    answer = await deliver(node, event, **document)

    assert (answer.status, answer.body["result"]) == (200, "sent")
    shown = await ada.get(key="d-1")
    content = shown.payload.visual_content
    assert (content.title, content.body, content.link) == (title, body, link)
    assert (shown.group_name, shown.category) == ("harbour/lighthouse", event)
    assert content.icon_url == SENDER["avatar_url"]
    assert shown.payload.data["sender"] == "grace"
    urgent = pb.PRIORITY_HIGH if event == "workflow_run" else pb.PRIORITY_UNSPECIFIED
    assert shown.priority == urgent


async def test_a_delivery_that_is_repeated_does_not_ring_again(node: Running, ada: ApiClient) -> None:
    first = await deliver(node, "push", **PUSH)
    again = await deliver(node, "push", **PUSH)
    other = await deliver(node, "push", delivery="d-2", **PUSH)

    assert again.body == {"result": "repeated", "id": first.body["id"]}
    assert other.body["result"] == "sent"
    assert (await ada.feed()).last_revision == 2


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("star", {"action": "created"}),
        ("issues", {"action": "labeled", "issue": ISSUE}),
        ("pull_request", {"action": "synchronize", "pull_request": PULL_REQUEST}),
        ("release", {"action": "created", "release": RELEASE}),
        ("workflow_run", {"action": "requested", "workflow_run": RUN}),
    ],
)
async def test_what_is_not_known_is_taken_and_not_shown(
    node: Running, ada: ApiClient, event: str, body: dict[str, Any]
) -> None:
    answer = await deliver(node, event, **body)

    assert (answer.status, answer.body["result"]) == (200, "ignored")
    assert event in answer.body["message"]
    assert not (await ada.history()).notifications


async def test_a_form_is_refused_with_what_to_choose_instead(node: Running) -> None:
    body = b"payload=%7B%22zen%22%3A%22Hello%22%7D"
    headers = {"x-github-event": "ping", "x-github-delivery": "d-1"}
    answer = await post(node, "github", body, headers, signed(body))

    assert answer.status == 400
    assert "application/json" in answer.body["message"]


@pytest.mark.parametrize("missing", ["x-github-event", "x-github-delivery"])
async def test_a_request_of_another_sender_is_refused_by_what_it_lacks(node: Running, missing: str) -> None:
    body = encoded(PUSH)
    headers = {"x-github-event": "push", "x-github-delivery": "d-1"}
    del headers[missing]
    answer = await post(node, "github", body, headers, signed(body))

    assert (answer.status, answer.reason) == (400, "INVALID_REQUEST")
    assert missing in answer.body["message"]
