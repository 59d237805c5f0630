"""A token of the key beside the store is good for its method, on this machine, and for nothing else."""

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import tokens
from tests.support.audit_records import Records
from tests.support.clocks import FakeClock
from tests.support.methods import Method, methods
from tests.support.nodes import TRANSPORT, Running, Setup, running
from tests.support.rpc_errors import raises_status
from unisono.client import bearer
from unisono.server.api.http_server import HttpServer
from unisono.server.app import admin_key
from unisono.server.clock import SystemClock
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.core.admission import ADMIN_CALLS_AT_ONCE
from unisono.v1.admin_service_pb2 import GetStatsResponse

KEY = "a key of the tests beside a store with more than 32 bytes"
STATS = "unisono.v1.AdminService/GetStats"
(GET_STATS,) = (method for method in methods() if method.path == f"/{STATS}")
FEED = [method for method in methods() if not method.for_admins]

Metadata = Sequence[tuple[str, str]]


def verifier(clock: FakeClock | SystemClock) -> TokenVerifier:
    return TokenVerifier([*tokens.issuers(), admin_key.issuer_of(KEY)], tokens.apps(), clock)


def token(method: str = STATS) -> str:
    return admin_key.token(KEY, method=method, now=SystemClock().now())


@pytest.fixture(scope="module")
def records() -> Records:
    return Records()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory, records: Records) -> AsyncIterator[Running]:
    path = tmp_path_factory.mktemp("admin") / "unisono.db"
    setup = Setup(path=path, verifier=verifier(SystemClock()), audit=records.audit(reads=False))
    async with running(setup) as serving:
        yield serving


async def ask(node: Running, by: str, metadata: Metadata = ()) -> GetStatsResponse:
    answer = await GET_STATS.call(node.channel, b"", (*bearer(by), *metadata))
    return GetStatsResponse.FromString(answer)


async def test_it_is_good_for_its_method(node: Running) -> None:
    assert (await ask(node, token())).version


async def test_it_is_not_for_another(node: Running) -> None:
    with raises_status("UNAUTHENTICATED", "TOKEN_INVALID") as failure:
        await ask(node, token("unisono.v1.AdminService/Another"))
    assert "for unisono.v1.AdminService/Another alone" in failure.explanation.message


@pytest.mark.parametrize("method", FEED, ids=lambda method: method.path)
async def test_it_is_refused_by_all_that_is_about_a_feed(node: Running, method: Method) -> None:
    """Also where it names just that method."""
    for by in (token(), token(method.path[1:])):
        with raises_status("PERMISSION_DENIED", "ROLE_NOT_ALLOWED") as failure:
            await method.call(node.channel, b"", bearer(by))
        assert "an admin's, since it is signed with the admin key" in failure.explanation.message


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
async def test_it_does_not_come_through_a_proxy(node: Running, records: Records, name: str) -> None:
    records.clear()
    with raises_status("UNAUTHENTICATED", "TOKEN_INVALID") as failure:
        await ask(node, token(), [(name, "127.0.0.1")])
    assert "through no proxy" in failure.explanation.message
    (record,) = records.taken()
    assert (record["event"], record["admin"]) == ("refusal", "unisono-admin-key")


async def test_a_trusted_proxy_names_whom_it_passes_on(tmp_path: Path) -> None:
    """By a header of its own choice, also where its client is on this machine."""
    transport = replace(TRANSPORT, trusted_proxies=("127.0.0.1",), forwarded_header="forwarded")
    setup = Setup(
        path=tmp_path / "unisono.db",
        verifier=verifier(SystemClock()),
        transport=transport,
        make_server=HttpServer,
    )
    async with running(setup) as node:
        assert (await ask(node, token())).version
        for client in ("for=127.0.0.1", "for=192.0.2.1"):
            with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
                await ask(node, token(), [("forwarded", client)])


async def test_that_of_an_issuer_is_good_from_anywhere(node: Running) -> None:
    assert (await ask(node, tokens.admin(), [("x-forwarded-for", "192.0.2.1")])).version


async def test_each_use_is_recorded(node: Running, records: Records) -> None:
    records.clear()
    await ask(node, token())
    await ask(node, tokens.admin())
    by_key, by_claim = records.taken()
    assert by_key == {
        "event": "admin",
        "outcome": "ok",
        "method": STATS,
        "issuer": "unisono-admin-key",
        "admin": "unisono-admin-key",
    }
    assert by_claim == {
        "event": "admin",
        "outcome": "ok",
        "method": STATS,
        "issuer": tokens.ISSUER,
        "client": "mail-client",
        "admin": "root",
    }


async def test_admins_together_make_few_calls(tmp_path: Path) -> None:
    clock = FakeClock()
    setup = Setup(path=tmp_path / "unisono.db", clock=clock, verifier=verifier(clock))
    async with running(setup) as node:
        by = itertools.cycle((tokens.admin(), tokens.admin(sub="eve"), tokens.admin(azp="ops")))
        for _ in range(ADMIN_CALLS_AT_ONCE):
            await ask(node, next(by))
        with raises_status("RESOURCE_EXHAUSTED", "RATE_LIMITED"):
            await ask(node, next(by))
