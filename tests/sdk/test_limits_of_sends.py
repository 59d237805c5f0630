"""No request is larger than the service takes; where an operator chose less, that is learned."""

import asyncio
from pathlib import Path

import pytest

from tests.support import tokens
from tests.support.nodes import TRANSPORT, Running, Setup, running
from tests.support.stub_server import StubServer
from unisono.client import Publisher, SendResult, TooLarge, draft
from unisono.server.api.transport import Transport
from unisono.server.model import Limits
from unisono.v1 import notification_service_pb2 as pb


async def test_requests_keep_to_the_limits_of_the_service(publisher: Publisher, script: StubServer) -> None:
    sizes: list[tuple[int, int]] = []

    async def measured(request: pb.BatchSendNotificationsRequest) -> pb.BatchSendNotificationsResponse:
        sizes.append((len(request.requests), request.ByteSize()))
        results = [pb.BatchSendResult(result=pb.SendResult(id="x"))] * len(request.requests)
        return pb.BatchSendNotificationsResponse(results=results)

    script.answer("BatchSendNotifications", measured)
    small = [draft("ada", title="small") for _ in range(2500)]
    large = [draft("ada", raw_content=b"x" * 32 * 1024) for _ in range(250)]

    outcomes = await publisher.batch([*small, *large])

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert sum(items for items, _ in sizes) == 2750
    assert max(items for items, _ in sizes) == 1000
    assert max(size for _, size in sizes) <= 3 * 1024 * 1024 + 1000 * 5
    assert len(sizes) == 5


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(batch_items=30), id="few items"),
        pytest.param(Limits(request_bytes=700 * 1024), id="what the service refuses"),
        pytest.param(Limits(request_bytes=48 * 1024), id="what the transport refuses"),
    ],
)
async def test_an_operator_may_allow_less(tmp_path: Path, limits: Limits) -> None:
    transport = Transport(
        **{
            **{name: getattr(TRANSPORT, name) for name in TRANSPORT.__slots__},
            "max_request_bytes": limits.request_bytes,
        }
    )
    async with (
        running(Setup(path=tmp_path / "s.db", limits=limits, transport=transport)) as node,
        Publisher(node.target, tokens.publisher()) as publisher,
    ):
        drafts = [draft("ada", raw_content=b"x" * 20 * 1024) for _ in range(60)]

        outcomes = await publisher.batch(drafts)

        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert (await publisher.get_feed("ada")).last_revision == 60


async def test_what_is_too_large_alone_is_its_own_error(tmp_path: Path) -> None:
    async with (
        running(Setup(path=tmp_path / "s.db")) as node,
        Publisher(node.target, tokens.publisher()) as publisher,
    ):
        huge = draft("ada", raw_content=b"x" * 5 * 1024 * 1024)
        beyond = draft("ada", raw_content=b"x" * 9 * 1024 * 1024)

        outcomes = await publisher.batch([draft("ada", title="a"), huge, beyond, draft("ada", title="b")])

        assert [type(outcome) for outcome in outcomes] == [SendResult, TooLarge, TooLarge, SendResult]


async def test_a_user_may_send_to_itself_one_by_one(node: Running) -> None:
    """The service takes batches from backends only."""
    async with Publisher(node.target, tokens.device()) as user:
        await user.send("ada", title="registers", endpoint_id="laptop")
        sends = (user.send("ada", title=title, endpoint_id="laptop") for title in "abcde")

        results = await asyncio.gather(*sends)

        assert [result.revision for result in results] == [2, 3, 4, 5, 6]
