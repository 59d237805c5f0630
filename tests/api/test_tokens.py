"""Nothing on the port but health works without a good token of the right kind."""

import base64
import json

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.clocks import FakeClock
from tests.support.methods import REFLECTION, Method, methods
from tests.support.nodes import Running
from tests.support.rpc_errors import raises_status
from unisono.client import bearer
from unisono.server.api import auth
from unisono.server.core.access.verifier import TokenVerifier
from unisono.server.errors import TokenUndecodable
from unisono.v1.feed_service_pb2 import GetFeedRequest

PUBLISHER, DEVICE, ADMIN = "publisher", "device", "admin"

#: Who may call what.
ALLOWED = {
    "SendNotification": {PUBLISHER, DEVICE},
    "BatchSendNotifications": {PUBLISHER},
    "GetNotification": {PUBLISHER, DEVICE},
    "ListNotifications": {PUBLISHER, DEVICE},
    "UpdateNotification": {PUBLISHER, DEVICE},
    "MarkNotifications": {PUBLISHER, DEVICE},
    "DeleteNotification": {PUBLISHER, DEVICE},
    "DeleteNotifications": {PUBLISHER, DEVICE},
    "Subscribe": {DEVICE},
    "Acknowledge": {DEVICE},
    "GetFeed": {PUBLISHER, DEVICE},
    "DeleteFeed": {PUBLISHER},
    "RegisterEndpoint": {DEVICE},
    "GetEndpoint": {PUBLISHER, DEVICE},
    "ListEndpoints": {PUBLISHER, DEVICE},
    "UpdateEndpoint": {DEVICE},
    "DeleteEndpoint": {PUBLISHER, DEVICE},
    "GetServerInfo": {PUBLISHER, DEVICE},
    "ServerReflectionInfo": {PUBLISHER, DEVICE},
    "ExplainNotifications": {ADMIN},
    "GetStats": {ADMIN},
}
TOKENS = {
    PUBLISHER: tokens.publisher(scope=tokens.ERASER_SCOPES),
    DEVICE: tokens.device(),
    ADMIN: tokens.admin(),
}

every_method = pytest.mark.parametrize("method", methods(), ids=lambda method: method.path)


def part(value: dict[str, object]) -> str:
    """One part of a JWT."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def of_length(length: int) -> str:
    """A good token of this many bytes."""
    shorter = tokens.device(pad="")
    padding = "x" * ((length - len(shorter)) * 3 // 4)
    found = [tokens.device(pad=padding + "x" * more) for more in range(-2, 4)]
    return next(token for token in found if len(token) == length)


#: What is wrong, and the authorization values that say it.
INVALID = {
    "another scheme": ["Basic YWRhOnNlY3JldA=="],
    "no token after the scheme": ["Bearer "],
    "two words": [f"Bearer {tokens.device()} {tokens.device()}"],
    "two headers": [f"Bearer {tokens.device()}"] * 2,
    "no JWT": ["Bearer ceci-n-est-pas-un-jeton"],
    "parts that are no JSON": ["Bearer a.b.c"],
    "no signature": [f"Bearer {tokens.device().rsplit('.', 1)[0]}."],
    "another secret": [f"Bearer {tokens.signed(tokens.claims(sub='ada'), key='x' * 48)}"],
    "another algorithm": [f"Bearer {tokens.signed(tokens.claims(sub='ada'), algorithm='HS384')}"],
    "alg none": [f"Bearer {part({'alg': 'none'})}.{part(tokens.claims(sub='ada'))}."],
    "alg nOnE": [f"Bearer {part({'alg': 'nOnE'})}.{part(tokens.claims(sub='ada'))}."],
    "another audience": [f"Bearer {tokens.device(aud='elsewhere')}"],
    "no audience": [f"Bearer {tokens.device(aud=None)}"],
    "another issuer": [f"Bearer {tokens.device(iss='https://else.where')}"],
    "no expiry": [f"Bearer {tokens.device(exp=None)}"],
    "not valid yet": [f"Bearer {tokens.device(nbf=tokens.FAR)}"],
    "a user id of 257 bytes": [f"Bearer {tokens.device('x' * 257)}"],
    "a user id with a line break": [f"Bearer {tokens.device('a' + chr(10) + 'b')}"],
    "one byte more than 16 KiB": [f"Bearer {of_length(16 * 1024 + 1)}"],
}


def test_the_table_knows_every_method() -> None:
    assert {method.name for method in methods()} == set(ALLOWED)


async def test_the_contract_knows_every_service_on_the_port(serving: Running) -> None:
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    answer = await REFLECTION[0].call(serving.channel, request.SerializeToString(), bearer(TOKENS[PUBLISHER]))
    listed = reflection_pb2.ServerReflectionResponse.FromString(answer).list_services_response.service
    known = {method.path.split("/")[1] for method in methods()}
    unlisted = {"grpc.reflection.v1.ServerReflection"}
    assert {service.name for service in listed} == known - unlisted | {"grpc.health.v1.Health"}


@every_method
async def test_no_method_works_without_a_token(serving: Running, method: Method) -> None:
    with raises_status("UNAUTHENTICATED", "TOKEN_MISSING"):
        await method.call(serving.channel, b"")


@pytest.mark.parametrize("values", INVALID.values(), ids=INVALID)
@every_method
async def test_no_method_works_with_a_bad_token(serving: Running, method: Method, values: list[str]) -> None:
    metadata = tuple(("authorization", value) for value in values)
    with raises_status("UNAUTHENTICATED", "TOKEN_INVALID"):
        await method.call(serving.channel, b"", metadata)


@pytest.mark.parametrize("wrong", ["another scheme", "no token after the scheme", "two words", "two headers"])
def test_what_is_no_bearer_token_is_of_a_stranger(wrong: str) -> None:
    verifier = TokenVerifier(tokens.issuers(), tokens.apps(), FakeClock())
    with pytest.raises(TokenUndecodable):
        auth.authenticate(verifier, INVALID[wrong], "")


@every_method
async def test_no_method_works_with_an_expired_token(serving: Running, method: Method) -> None:
    with raises_status("UNAUTHENTICATED", "TOKEN_EXPIRED"):
        await method.call(serving.channel, b"", bearer(tokens.device(exp=1_700_000_000)))


@every_method
async def test_no_method_works_for_an_undeclared_app(serving: Running, method: Method) -> None:
    with raises_status("PERMISSION_DENIED", "APP_UNKNOWN"):
        await method.call(serving.channel, b"", bearer(tokens.device(azp="nobody")))


@pytest.mark.parametrize(
    ("token", "scope"),
    [
        (tokens.publisher(scope="openid"), "notifications.send"),
        (tokens.publisher(scope=None), "notifications.send"),
        (tokens.publisher(scope="notifications.readwrite"), "notifications.send"),
        (tokens.device(scope="notifications.send"), "notifications.readwrite"),
        (tokens.device(scope="notifications.readwrite-all"), "notifications.readwrite"),
    ],
)
@every_method
async def test_no_method_works_without_the_scope_of_the_role(
    serving: Running, method: Method, token: str, scope: str
) -> None:
    with raises_status("PERMISSION_DENIED", "SCOPE_MISSING") as failure:
        await method.call(serving.channel, b"", bearer(token))
    assert failure.metadata == {"scope": scope}


@pytest.mark.parametrize("role", [PUBLISHER, DEVICE])
@every_method
async def test_each_method_is_for_its_roles(serving: Running, method: Method, role: str) -> None:
    allowed = ALLOWED[method.name]
    if role not in allowed:
        with raises_status("PERMISSION_DENIED", "ROLE_NOT_ALLOWED") as failure:
            await method.call(serving.channel, b"", bearer(TOKENS[role]))
        assert failure.metadata == {"allowed": ",".join(sorted(allowed))}
        return
    try:
        await method.call(serving.channel, b"", bearer(TOKENS[role]))
    except grpc.aio.AioRpcError as error:
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT  # noqa: PT017


async def test_a_device_sends_only_with_the_scope_to_send(serving: Running) -> None:
    reader = ApiClient(serving.client(tokens.device(scope="notifications.readwrite")), endpoint_id="phone")
    with raises_status("PERMISSION_DENIED", "SCOPE_MISSING") as failure:
        await reader.send()
    assert failure.metadata == {"scope": "notifications.send"}


@pytest.mark.parametrize(
    "value",
    [
        f"bearer {tokens.device()}",
        f"BEARER  {tokens.device()} ",
        f"Bearer {of_length(16 * 1024)}",
        f"Bearer {tokens.device(scope=None, scp=['notifications.readwrite'])}",
        f"Bearer {tokens.device(azp=None, client_id='mail-client')}",
        f"Bearer {tokens.device(aud=['elsewhere', tokens.AUDIENCE])}",
    ],
    ids=["lower case", "more spaces", "16 KiB", "scopes in scp", "client_id", "two audiences"],
)
async def test_a_good_token_is_good_in_each_of_its_forms(serving: Running, value: str) -> None:
    request = GetFeedRequest()
    await serving.user().feeds.GetFeed(request, metadata=(("authorization", value),))


async def test_a_token_that_was_good_expires(held: Running, clock: FakeClock) -> None:
    caller = ApiClient(held.client(tokens.device(exp=clock.now() // 1000 + 60)))
    await caller.feed()
    clock.advance(59.999)
    await caller.feed()
    clock.advance(0.001)
    with raises_status("UNAUTHENTICATED", "TOKEN_EXPIRED"):
        await caller.feed()
