"""The audit log of a server: a file of its own, which names who did what, as the usual log never does."""

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from tests.docs.machine import ROOT
from tests.support import tokens
from tests.support.api_client import ALL, ApiClient
from tests.support.nodes import Client
from tests.support.processes import ServerProcess, run, serving, url
from tests.support.rpc_errors import raises_status
from unisono.client import bearer, create_channel
from unisono.v1.feed_service_pb2 import DeleteFeedRequest
from unisono.v1.feed_service_pb2_grpc import FeedServiceStub

ADA = "ada-lovelace"
TITLE = "Your test is negative"


async def use(server: ServerProcess, title: str = TITLE) -> None:
    """Send, take back, delete the user, and be refused."""
    async with create_channel(server.address) as channel:
        token = tokens.publisher(scope=tokens.ERASER_SCOPES)
        backend = ApiClient(Client(channel, token), user_id=ADA)
        await backend.send(title)
        await backend.history()
        await backend.delete_many(all=ALL)
        with raises_status("PERMISSION_DENIED", "USER_MISMATCH"):
            await ApiClient(Client(channel, tokens.device("ben"))).feed(user_id=ADA)


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_it_says_who_did_what_and_when(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with serving(tmp_path / "unisono.db", "--audit-log", path) as server:
        await use(server)
    write, refusal = records(path)
    for record in (write, refusal):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("time"))
        assert record.pop("peer").startswith("127.0.0.1:")
        assert record.pop("request_id")
    assert write == {
        "event": "write",
        "outcome": "ok",
        "method": "unisono.v1.NotificationService/DeleteNotifications",
        "app": "mail.test",
        "issuer": tokens.ISSUER,
        "client": "mail-client",
        "target_user": ADA,
        "selector": "all",
        "count": 1,
    }
    assert refusal == {
        "event": "refusal",
        "outcome": "refused",
        "reason": "USER_MISMATCH",
        "message": "user_id must be empty or the user of the access token",
        "method": "unisono.v1.FeedService/GetFeed",
        "app": "mail.test",
        "issuer": tokens.ISSUER,
        "client": "mail-client",
        "user": "ben",
        "target_user": ADA,
    }
    assert ADA not in server.output
    assert TITLE not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


async def test_it_has_the_fields_that_the_examples_of_the_documentation_have(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with serving(tmp_path / "unisono.db", "--audit-log", path) as server:
        async with create_channel(server.address) as channel:
            token = tokens.publisher(scope=tokens.ERASER_SCOPES)
            request = DeleteFeedRequest(user_id=ADA, bar_for=Duration(seconds=3600))
            await FeedServiceStub(channel).DeleteFeed(request, metadata=bearer(token))
            with raises_status("PERMISSION_DENIED", "USER_MISMATCH"):
                await ApiClient(Client(channel, tokens.device("ben"))).feed(user_id=ADA)
    text = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    shown = [json.loads(line) for line in text.splitlines() if line.startswith('{"time"')]
    assert [list(record) for record in shown] == [list(record) for record in records(path)]


async def test_reads_are_in_it_where_that_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with serving(tmp_path / "unisono.db", "--audit-log", path, "--audit-reads") as server:
        await use(server)
    assert [record["event"] for record in records(path)] == ["read", "write", "refusal"]


async def test_there_is_none_by_default(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db") as server:
        await use(server)
    assert all(path.name.startswith("unisono.db") for path in tmp_path.iterdir())


async def test_after_sighup_it_is_a_new_file(tmp_path: Path) -> None:
    path, old = tmp_path / "audit.jsonl", tmp_path / "audit.jsonl.1"
    with serving(tmp_path / "unisono.db", "--audit-log", path) as server:
        await use(server)
        path.rename(old)
        server.signal(signal.SIGHUP)
        server.matching('"what": "the audit log"')
        await use(server)
    # What waited to be written when the signal came may be in either.
    before, after = len(records(old)), len(records(path))
    assert before + after == 4
    assert after >= 2


async def test_calls_do_not_fail_when_it_cannot_be_written(tmp_path: Path) -> None:
    with serving(tmp_path / "unisono.db", "--audit-log", "/dev/full") as server:
        await use(server)
        server.until("the audit log could not be written")
        await use(server)
    assert server.entries("audit records were lost")[-1]["count"] == 4


@pytest.mark.parametrize("path", ["", "missing/audit.jsonl"])
def test_a_server_says_why_it_cannot_open_it(tmp_path: Path, path: str) -> None:
    result = run("serve", "--store", url(tmp_path / "unisono.db"), "--audit-log", tmp_path / path)
    assert result.returncode == 1
    assert str(tmp_path / path) in result.stderr
    assert "Traceback" not in result.stderr
