"""What a publisher does to what is a user's is recorded for an audit, and nothing else of what it does."""

import asyncio
from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio
from google.protobuf.duration_pb2 import Duration

from tests.api.isolation_matrix.callers import CALLERS
from tests.api.isolation_matrix.outcomes import outcome_of
from tests.api.isolation_matrix.reaches import REACHES
from tests.api.isolation_matrix.trust import PREFIX, publisher, verifier
from tests.api.isolation_matrix.worlds import KEY, PHONE, SECRET, Owner, Things
from tests.support import tokens
from tests.support.api_client import ALL, READ, ApiClient
from tests.support.audit_records import Records
from tests.support.clocks import FakeClock
from tests.support.ids import SequentialIds
from tests.support.memory_store import MemoryStore
from tests.support.methods import FOR_PUBLISHERS, Method, methods
from tests.support.nodes import Running, Setup, running
from unisono.client import bearer
from unisono.server.api.audit import ACCESS_REASONS, Effect
from unisono.server.api.convert import encoding
from unisono.server.api.request_context import RequestContext
from unisono.server.core.access.principal import Principal, Role
from unisono.server.core.bars import Bars
from unisono.server.errors import InvalidRequest, PermissionDenied, Reason, Unavailable, UnisonoError
from unisono.server.model import Limits
from unisono.v1 import feed_service_pb2 as feed_pb

#: What is recorded of a publisher's calls; of the others nothing is. A new RPC belongs into one of the two.
WRITES = {"DeleteFeed", "DeleteEndpoint", "UpdateNotification", "MarkNotifications"}
WRITES |= {"DeleteNotification", "DeleteNotifications"}
READS = {"GetNotification", "ListNotifications", "GetEndpoint", "ListEndpoints"}
NOTHING = {"SendNotification", "BatchSendNotifications", "GetFeed", "GetServerInfo", "ServerReflectionInfo"}
ADMINS = {"ExplainNotifications", "GetStats"}
NOTHING |= {"Subscribe", "Acknowledge", "RegisterEndpoint", "UpdateEndpoint"}

DEVICE, BACKEND = CALLERS["own device"], CALLERS["own app"]

WAYS = [(m, way) for m in methods() for way in REACHES if way.split(",")[0] == m.name and m.descriptor]


def each(ways: list[tuple[Method, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("method", "way"), ways, ids=[way for _, way in ways])


@pytest.fixture(scope="module")
def records() -> Records:
    return Records()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory, records: Records) -> AsyncIterator[Running]:
    """A server that records reads, too."""
    path = tmp_path_factory.mktemp("audit") / "unisono.db"
    setup = Setup(path=path, audit=records.audit(reads=True), verifier=verifier(FakeClock()))
    async with running(setup) as serving:
        yield serving


@pytest_asyncio.fixture(loop_scope="module")
async def theirs(node: Running, user_id: str, records: Records) -> Things:
    things = await Owner(node, PREFIX + user_id).things()
    records.clear()
    return things


@pytest.fixture
def backend(node: Running, theirs: Things) -> ApiClient:
    return ApiClient(node.client(publisher()), user_id=theirs.user_id)


def test_of_every_rpc_it_is_said_what_is_recorded() -> None:
    assert {method.name for method in methods()} == WRITES | READS | ADMINS | NOTHING


def effect_of(method: Method) -> str:
    return "write" if method.name in WRITES else "read" if method.name in READS else ""


@each(WAYS)
async def test_what_a_publisher_does_to_what_is_a_users_is_recorded(
    node: Running, theirs: Things, records: Records, method: Method, way: str
) -> None:
    body = REACHES[way].body(method, BACKEND, theirs)
    outcome = await outcome_of(node.channel, method, body, bearer(str(BACKEND.token(""))))
    found = records.taken()
    expected = {
        "event": effect_of(method),
        "outcome": "ok",
        "method": method.path[1:],
        "app": "mail.test",
        "issuer": tokens.ISSUER,
        "client": "mail-client",
        "target_user": theirs.user_id,
    }
    if outcome.reason == "OK" and effect_of(method):
        (record,) = found
        assert record.items() >= expected.items()
    else:
        assert [record["event"] for record in found] == ["refusal"] * (outcome.reason in ACCESS_REASONS)
    assert not any(secret in repr(found) for secret in (SECRET, KEY, "Mine"))


@each([(method, way) for method, way in WAYS if method.name not in FOR_PUBLISHERS and not method.for_admins])
async def test_what_users_do_to_their_own_is_not_recorded(
    node: Running, theirs: Things, records: Records, method: Method, way: str
) -> None:
    body = REACHES[way].body(method, DEVICE, theirs)
    await outcome_of(node.channel, method, body, bearer(str(DEVICE.token(theirs.user_id))))
    assert records.taken() == []


async def test_it_is_recorded_how_much_it_was(backend: ApiClient, theirs: Things, records: Records) -> None:
    await backend.mark(theirs.id, read_state=READ)
    await backend.update(theirs.id, content={"category": "x"})
    await backend.delete(theirs.id)
    await backend.delete_many(all=ALL)
    await backend.remove(endpoint_id=PHONE)
    request = feed_pb.DeleteFeedRequest(user_id=theirs.user_id, bar_for=Duration(seconds=3600))
    await backend.client.feeds.DeleteFeed(request, metadata=backend.client.metadata)
    marked, updated, deleted, many, endpoint, feed = records.taken()
    assert (marked["selector"], marked["count"]) == ("references", 1)
    assert updated["notification"] == deleted["notification"] == theirs.id
    assert (many["selector"], many["count"]) == ("all", 1)
    assert endpoint["endpoint"] == PHONE
    assert feed["bar_seconds"] == 3600


async def test_what_changed_nothing_is_recorded_with_its_reason(
    backend: ApiClient, theirs: Things, records: Records
) -> None:
    for call in (backend.delete(key="never"), backend.delete_many(all=ALL, user_id="x" * 1000)):
        with pytest.raises(grpc.aio.AioRpcError):
            await call
    (record,) = records.taken()
    assert (record["event"], record["outcome"]) == ("write", "refused")
    assert record["reason"] == "NOTIFICATION_NOT_FOUND"


async def test_reads_are_recorded_where_that_is_wanted(theirs: Things) -> None:
    records = Records()
    audit = records.audit(reads=False)

    async def handle(_: object, __: object) -> bytes:
        return b""

    read = audit.watched(handle, Effect.READ, "unisono.v1.FeedService/GetFeed")
    assert read is handle
    assert audit.watched(handle, Effect.WRITE, "unisono.v1.FeedService/GetFeed") is not handle


def publishers_call() -> RequestContext:
    limits = Limits()
    store = MemoryStore(ids=SequentialIds(), encode=encoding.encode_row)
    return RequestContext(
        principal=Principal(app_id="mail.test", scopes=frozenset(), expire_time=tokens.FAR),
        role=Role.PUBLISHER,
        request_id="1",
        peer=lambda: "ipv4:127.0.0.1:1",
        now=0,
        limits=limits,
        bars=Bars(store, FakeClock(), per_app=limits.barred_users_per_app),
    )


@pytest.mark.parametrize(
    ("raised", "recorded"),
    [
        (asyncio.CancelledError(), [("unknown", "CANCELLED")]),
        (Unavailable(Reason.STORE_UNAVAILABLE, "gone"), [("unknown", "STORE_UNAVAILABLE")]),
        (ValueError(), [("unknown", "INTERNAL")]),
        (UnisonoError(Reason.NOT_CREATOR, "not yours"), [("refused", "NOT_CREATOR")]),
        (InvalidRequest.of("all", "is bad"), []),
        (PermissionDenied(Reason.SCOPE_MISSING, "no"), []),
    ],
    ids=lambda part: type(part).__name__,
)
async def test_a_call_that_may_have_done_something_is_recorded_as_such(
    raised: BaseException, recorded: list[tuple[str, str]]
) -> None:
    records = Records()

    async def handle(_: object, __: object) -> bytes:
        raise raised

    watched = records.audit(reads=False).watched(handle, Effect.WRITE, "unisono.v1.FeedService/DeleteFeed")
    with pytest.raises(type(raised)):
        await watched(publishers_call(), feed_pb.DeleteFeedRequest(user_id="ada"))
    assert [(record["outcome"], record["reason"]) for record in records] == recorded
