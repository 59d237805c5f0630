"""Who is refused for who calls is recorded for an audit, with the reason, and not at any rate."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
import pytest_asyncio

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.audit_records import Records
from tests.support.clocks import FakeClock
from tests.support.nodes import Client, Running, Setup, running
from tests.support.processes import TIMEOUT
from unisono.server.api.audit import ACCESS_REASONS, Audit, Record
from unisono.server.api.sampling import MAX_LINES
from unisono.server.errors import PermissionDenied, Reason


@pytest.fixture(scope="module")
def records() -> Records:
    return Records()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory, records: Records) -> AsyncIterator[Running]:
    path = tmp_path_factory.mktemp("audit") / "unisono.db"
    async with running(Setup(path=path, audit=records.audit(reads=False))) as serving:
        yield serving


NOBODY = {"issuer": tokens.ISSUER, "client": "nobody"}
ADA = {"app": "mail.test", "issuer": tokens.ISSUER, "client": "mail-client", "user": "ada"}

#: Who is refused, the call, and what is known of them.
REFUSED: dict[str, tuple[str | None, Callable[[ApiClient], Any], dict[str, str]]] = {
    "TOKEN_MISSING": (None, lambda caller: caller.feed(), {}),
    "TOKEN_INVALID": (tokens.signed(tokens.claims(), key="x" * 48), lambda caller: caller.feed(), {}),
    "TOKEN_EXPIRED": (tokens.device(exp=1_700_000_000), lambda caller: caller.feed(), {}),
    "APP_UNKNOWN": (tokens.device(azp="nobody"), lambda caller: caller.feed(), NOBODY),
    "SCOPE_MISSING": (
        tokens.device(scope="openid"),
        lambda caller: caller.feed(),
        ADA,
    ),
    "ROLE_NOT_ALLOWED": (
        tokens.device(),
        lambda caller: caller.send_all(caller.new()),
        ADA,
    ),
    "USER_MISMATCH": (
        tokens.device(),
        lambda caller: caller.feed(user_id="b" * 1000),
        {**ADA, "target_user": "b" * 299 + "…"},
    ),
}


def test_every_refusal_of_who_calls_is_tried() -> None:
    by_pages = {"ORIGIN_NOT_ALLOWED"}
    assert REFUSED.keys() == ACCESS_REASONS - by_pages


@pytest.mark.parametrize("reason", REFUSED)
async def test_a_refusal_is_recorded_with_its_reason(node: Running, records: Records, reason: str) -> None:
    token, call, about = REFUSED[reason]
    client = Client(node.channel, token or "")
    if token is None:
        client.metadata = ()
    with pytest.raises(grpc.aio.AioRpcError):
        await call(ApiClient(client))
    (record,) = records.taken()
    message = record.pop("message")
    assert message
    assert token is None or not any(part in message for part in token.split("."))
    assert record == {
        "event": "refusal",
        "outcome": "refused",
        "reason": reason,
        "method": record["method"],
        **about,
    }
    assert record["method"].startswith("unisono.v1.")


async def test_a_refused_stream_is_recorded(node: Running, records: Records) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await ApiClient(node.user("ada"), endpoint_id="phone").welcome(user_id="ben")
    (record,) = records.taken()
    assert (record["method"], record["target_user"]) == ("unisono.v1.FeedService/Subscribe", "ben")


async def test_refusals_of_one_app_leave_room_for_those_of_another() -> None:
    records, summed_up = Records(), asyncio.Event()

    def append(record: Record) -> None:
        records.add(record)
        if record["event"] == "refusals left out":
            summed_up.set()

    audit = Audit(append, FakeClock(), reads=False)
    for app, count in (("mail.test", MAX_LINES + 7), ("chat.test", 1)):
        error = PermissionDenied(Reason.USER_MISMATCH, "not yours", about={"app": app, "user": "ada"})
        for _ in range(count):
            audit.refused(error, "unisono.v1.FeedService/GetFeed", "ipv6:%5B::1%5D:7", "1")
    assert len(records) == MAX_LINES + 1
    assert (records[-1]["app"], records[-1]["peer"]) == ("chat.test", "[::1]:7")
    async with asyncio.timeout(TIMEOUT):
        await summed_up.wait()
    left_out = {"event": "refusals left out", "reason": "USER_MISMATCH", "app": "mail.test", "count": 7}
    assert records[-1] == left_out
