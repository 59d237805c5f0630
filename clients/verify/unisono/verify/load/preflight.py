"""Checks the server and the tokens before there is a load.

The server must be new enough; the app's token may send, and each user's is of a device of that user.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from unisono.client import Content, Publisher, SendResult, ServerTooOld, Transport, UnisonoError, draft
from unisono.v1 import endpoint_service_pb2 as endpoint_pb
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import server_service_pb2 as server_pb
from unisono.verify.load.access import Connect, Token
from unisono.verify.load.methods import GET_SERVER_INFO, REGISTER_ENDPOINT
from unisono.verify.load.rpc_client import TIMEOUT, RpcClient
from unisono.verify.load.traffic import LIFETIME

#: What the load sends, and the judge expects to be kept, is of this `contract_level`.
CONTRACT_LEVEL: Final = 1


class OlderServer(Exception):
    """The server drops some of what the load sends, so that the judge would blame it. Nothing is done yet."""


class UnusableToken(Exception):
    """A token cannot be used for the load. `user_id` is the user it was given for, empty for the app's.

    `error` is the service's refusal; None where the service accepts the token, but for another app.
    """

    def __init__(self, user_id: str, problem: str, error: UnisonoError | None = None) -> None:
        super().__init__(problem)
        self.user_id = user_id
        self.error = error


async def check_tokens(connect: Connect, backend: Token, users: Mapping[str, Token], prefix: str) -> str:
    """Register an endpoint of each user, send a notification to it alone, and return the app's id.

    The names of both begin with `prefix`; they stay until `remove_all`. Raises `OlderServer` before that;
    `UnusableToken` for the first call that fails, also when the service cannot be reached, and for a user's
    token of another app; and what a source of tokens raises.
    """
    transport = connect()
    try:
        if await _level_of(transport, backend) < CONTRACT_LEVEL:
            raise OlderServer("the server does not know all that is to be sent")
        apps = {user_id: await _app_of(transport, user_id, token, prefix) for user_id, token in users.items()}
        async with Publisher(transport, backend, timeout=TIMEOUT) as publisher:
            app_id = await _sent(publisher, list(users), prefix)
    finally:
        await transport.close()
    for user_id, app in apps.items():
        if app != app_id:
            raise UnusableToken(user_id, f"it is of the app {app}, and the app's token of {app_id}")
    return app_id


async def _level_of(transport: Transport, backend: Token) -> int:
    """Return up to which level the server knows the contract."""
    try:
        answer = await RpcClient(transport, backend).call(GET_SERVER_INFO, server_pb.GetServerInfoRequest())
    except ServerTooOld:
        return 0
    except UnisonoError as error:
        raise UnusableToken("", str(error), error) from error
    return answer.contract_level


async def _app_of(transport: Transport, user_id: str, token: Token, prefix: str) -> str:
    request = endpoint_pb.RegisterEndpointRequest(
        user_id=user_id, endpoint_id=_endpoint_id(prefix), platform=pb.DEVICE_PLATFORM_LINUX
    )
    try:
        answer = await RpcClient(transport, token).call(REGISTER_ENDPOINT, request)
    except UnisonoError as error:
        raise UnusableToken(user_id, str(error), error) from error
    return answer.endpoint.app_id


async def _sent(publisher: Publisher, users: list[str], prefix: str) -> str:
    """Send to all users, and return the id of the app that the notifications are of."""
    content: Content = {
        "title": f"{prefix}Can it send?",
        "group_name": f"{prefix}check",
        "endpoint_ids": [_endpoint_id(prefix)],
        "expire_time": datetime.now(UTC) + LIFETIME,
    }
    try:
        outcomes = await publisher.batch([draft(user_id, **content) for user_id in users])
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        stored = [outcome for outcome in outcomes if isinstance(outcome, SendResult)]
        return (await publisher.get(users[0], stored[0])).app_id
    except UnisonoError as error:
        raise UnusableToken("", str(error), error) from error


def _endpoint_id(prefix: str) -> str:
    return f"{prefix}linux"
