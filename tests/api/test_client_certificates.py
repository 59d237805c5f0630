"""A backend may show a certificate instead of a token; a token is judged by itself, whatever is shown."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Final

import grpc
import pytest
import pytest_asyncio
from grpc_reflection.v1alpha import reflection_pb2

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.audit_records import Records
from tests.support.certified import CLIENTS, Certified, certified
from tests.support.client_authority import AFTER, Shown
from tests.support.clocks import FakeClock
from tests.support.methods import REFLECTION
from tests.support.nodes import Setup
from tests.support.rpc_errors import raises_status
from unisono.server.core.access.apps import Apps
from unisono.server.core.access.verifier import TokenVerifier
from unisono.v1.feed_service_pb2 import DeleteFeedRequest

MAIL: Final = CLIENTS.dns("mail.backend.internal", common_name="chat.backend.internal")
CHAT: Final = CLIENTS.dns("chat.backend.internal")
BOTH: Final = CLIENTS.dns("mail.backend.internal", "chat.backend.internal")

#: What is no name of either: one above, one for all below, and one in the subject alone.
NOBODY: Final = (
    CLIENTS.dns("backend.internal"),
    CLIENTS.dns("*.backend.internal"),
    CLIENTS.issue([], common_name="mail.backend.internal"),
)

APPS: Final = (
    replace(tokens.APPS[0], client_certificates=("dns:mail.backend.internal",)),
    replace(
        tokens.APPS[1],
        client_certificates=(f"x5t#S256:{CHAT.thumbprint}", "dns:chat.backend.internal"),
        certificate_scopes=("feeds.delete",),
    ),
)

#: A minute before the certificates expire. The tests ask for no more than the server allows in a second.
NOW: Final = int(AFTER.timestamp()) * 1000 - 60_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def records() -> Records:
    return Records()


def serving(folder: Path, clock: FakeClock, records: Records) -> AbstractAsyncContextManager[Certified]:
    setup = Setup(
        path=folder / "unisono.db",
        clock=clock,
        verifier=TokenVerifier(tokens.issuers(), Apps(APPS), clock, client_certificates=True),
        audit=records.audit(reads=False),
    )
    return certified(folder, setup)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory, records: Records) -> AsyncIterator[Certified]:
    async with serving(tmp_path_factory.mktemp("certified"), FakeClock(NOW), records) as node:
        yield node


def backend(node: Certified, shown: Shown | None, user_id: str, token: str | None = None) -> ApiClient:
    return ApiClient(node.client(shown, token), user_id=user_id)


async def test_it_sends_by_its_certificate_alone(node: Certified, records: Records, user_id: str) -> None:
    # When a backend without a token sends
    sent = await backend(node, MAIL, user_id).send("By certificate")
    # Then one with a token finds it, and that of another app does not
    history = await backend(node, None, user_id, tokens.publisher()).history()
    assert [row.id for row in history.notifications] == [sent.id]
    assert not (await backend(node, CHAT, user_id).history()).notifications
    # And what it takes back is recorded as done by the name that is declared
    records.clear()
    await backend(node, MAIL, user_id).delete(sent.id)
    (record,) = records.taken()
    assert (record["app"], record["client"]) == ("mail.test", "dns:mail.backend.internal")
    assert "issuer" not in record


async def test_it_is_no_device(node: Certified, user_id: str) -> None:
    with raises_status("PERMISSION_DENIED", "ROLE_NOT_ALLOWED") as failure:
        await ApiClient(node.client(MAIL), endpoint_id="phone").register()
    assert failure.error.details() == (
        "this method is for a device, and the client certificate is a publisher's (it was taken for the "
        "app's own, since it is among the client_certificates of mail.test)"
    )
    with raises_status("PERMISSION_DENIED", "ROLE_NOT_ALLOWED"):
        await ApiClient(node.client(MAIL), endpoint_id="phone").welcome()


async def test_it_deletes_users_where_that_is_declared(node: Certified, user_id: str) -> None:
    request = DeleteFeedRequest(user_id=user_id)
    await node.client(CHAT).feeds.DeleteFeed(request)
    with raises_status("PERMISSION_DENIED", "SCOPE_MISSING"):
        await node.client(MAIL).feeds.DeleteFeed(request)


@pytest.mark.parametrize("shown", NOBODY)
async def test_one_that_is_declared_for_nobody_is_as_none(
    node: Certified, shown: Shown, user_id: str
) -> None:
    with raises_status("UNAUTHENTICATED", "TOKEN_MISSING") as failure:
        await backend(node, shown, user_id).send()
    assert "none of the client_certificates of an app" in (failure.error.details() or "")
    await backend(node, shown, user_id, tokens.publisher()).send()


async def test_without_either_a_token_is_asked_for(node: Certified, user_id: str) -> None:
    with raises_status("UNAUTHENTICATED", "TOKEN_MISSING") as failure:
        await backend(node, None, user_id).send()
    assert "certificate" not in (failure.error.details() or "")


async def test_one_of_two_apps_is_refused(node: Certified, user_id: str) -> None:
    with raises_status("PERMISSION_DENIED", "APP_UNKNOWN"):
        await backend(node, BOTH, user_id).send()


async def test_a_token_is_judged_by_itself(node: Certified, user_id: str) -> None:
    """Whoever sends one is whom it names: the app of the token, its role, and nobody with a bad one."""
    await backend(node, MAIL, user_id, tokens.publisher(azp="chat-client")).send("Chat")
    assert not (await backend(node, MAIL, user_id).history()).notifications
    assert (await backend(node, CHAT, user_id).history()).notifications

    device = ApiClient(node.client(MAIL, tokens.device(user_id)), endpoint_id="phone")
    await device.register()
    with raises_status("PERMISSION_DENIED", "USER_MISMATCH"):
        await device.feed(user_id="somebody else")

    for bad in ("", "no token", tokens.publisher(aud="elsewhere"), tokens.publisher(exp=NOW // 1000)):
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await backend(node, MAIL, user_id, bad).send()
        assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED
    with raises_status("PERMISSION_DENIED", "SCOPE_MISSING"):
        await backend(node, MAIL, user_id, tokens.publisher(scope="")).send()


async def test_a_bound_token_is_good_on_connections_with_its_certificate(
    node: Certified, user_id: str
) -> None:
    # Given a token of a device that is bound to a certificate, which names no app
    shown, thief = CLIENTS.dns("phone.test"), CLIENTS.dns("phone.test")
    token = tokens.device(user_id, cnf={"x5t#S256": shown.thumbprint})
    # Then it is good on connections where that was shown, and on no other, before and after
    for _ in range(2):
        for other in (None, thief, MAIL):
            with raises_status("UNAUTHENTICATED", "TOKEN_INVALID") as failure:
                await ApiClient(node.client(other, token), endpoint_id="phone").register()
            assert "client certificate (cnf)" in (failure.error.details() or "")
        await ApiClient(node.client(shown, token), endpoint_id="phone").register()


async def test_a_bound_token_of_a_backend(node: Certified, user_id: str) -> None:
    """It says whose call it is, also where its certificate is declared for another app."""
    token = tokens.publisher(cnf={"x5t#S256": CHAT.thumbprint})
    sent = await backend(node, CHAT, user_id, token).send()
    assert (await backend(node, MAIL, user_id).get(sent.id)).id
    with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
        await backend(node, MAIL, user_id, token).send()


async def test_all_ends_with_its_time(tmp_path: Path, user_id: str) -> None:
    clock = FakeClock(NOW)
    async with serving(tmp_path, clock, Records()) as node:
        # Given a stream of a backend that has shown one, and whose client waits
        path = REFLECTION[0].path
        call: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = node.channel(MAIL).stream_stream(path)
        stream = call()
        await stream.write(reflection_pb2.ServerReflectionRequest(list_services="").SerializeToString())
        await stream.read()
        # When its certificate expires
        clock.advance(60)
        # Then the stream ends, and no call is made on that connection any more
        with raises_status("UNAUTHENTICATED", "TOKEN_EXPIRED"):
            await stream.read()
        with raises_status("UNAUTHENTICATED", "TOKEN_EXPIRED") as failure:
            await backend(node, MAIL, user_id).send()
        assert "connect with a new one" in (failure.error.details() or "")
