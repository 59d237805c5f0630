"""Every answer, good or bad, carries the id under which the server's log has the request."""

import grpc
import pytest

from tests.support import tokens
from tests.support.methods import Method, methods
from tests.support.nodes import Running
from unisono.client import bearer
from unisono.v1.feed_service_pb2 import GetFeedRequest

KEY = "x-request-id"
HARMLESS = ["a", "0af7651916cd43dd8448eb211c80319c", "Order-17_b.c", "x" * 64]
HARMFUL = ["", "x" * 65, "a b", "order/17", "{}", "a,b"]


async def of_good(serving: Running, *ids: str) -> str:
    """The request id of an answer that is OK."""
    user = serving.user()
    metadata = (*user.metadata, *((KEY, id_) for id_ in ids))
    call = user.feeds.GetFeed(GetFeedRequest(), metadata=metadata)
    await call
    return only(await call.trailing_metadata())


async def of_bad(serving: Running, method: Method, metadata: tuple[tuple[str, str], ...]) -> str:
    """The request id of an answer that is not."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await method.call(serving.channel, b"\xff", metadata)
    return only(raised.value.trailing_metadata())


def only(metadata: grpc.aio.Metadata | None) -> str:
    (found,) = [value for key, value in metadata or () if key == KEY]
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("id_", HARMLESS)
async def test_a_harmless_id_comes_back(serving: Running, id_: str) -> None:
    assert await of_good(serving, id_) == id_


@pytest.mark.parametrize("id_", HARMFUL, ids=ascii)
async def test_a_harmful_id_is_replaced(serving: Running, id_: str) -> None:
    assert await of_good(serving, id_) not in ("", id_)


async def test_without_an_id_each_call_gets_its_own(serving: Running) -> None:
    ids = [await of_good(serving) for _ in range(10)]
    assert len(set(ids)) == 10


async def test_the_first_harmless_id_counts(serving: Running) -> None:
    assert await of_good(serving, "not harmless", "first", "second") == "first"


@pytest.mark.parametrize("token", [None, tokens.publisher(), tokens.device()], ids=["no", "app's", "user's"])
@pytest.mark.parametrize("method", methods(), ids=lambda method: method.path)
async def test_every_refusal_carries_the_id(serving: Running, method: Method, token: str | None) -> None:
    metadata = bearer(token) if token else ()
    assert await of_bad(serving, method, (*metadata, (KEY, "trace-17"))) == "trace-17"
