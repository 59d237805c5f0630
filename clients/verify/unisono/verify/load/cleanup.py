"""Removes from a deployment what a run has left: all whose name begins with the prefix of the run.

The load may have failed or been stopped, so that the service is searched: no list of what was made exists.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from unisono.client import NotFound, Publisher
from unisono.v1 import endpoint_service_pb2 as pb
from unisono.verify.load.access import Access, Connect
from unisono.verify.load.methods import DELETE_ENDPOINT, LIST_ENDPOINTS
from unisono.verify.load.rpc_client import TIMEOUT, RpcClient

#: How many notifications of one user are deleted at the same time.
CONCURRENCY: Final = 8


async def remove_all(connect: Connect, access: Access, users: Sequence[str], prefix: str) -> None:
    """Delete all notifications whose group has the prefix, and all endpoints whose id has it.

    All users are worked on although one fails. Raises the first error in the end: a `UnisonoError`, or what
    the source of a token raised. Repeating the call is safe.
    """
    transport = connect()
    try:
        async with Publisher(transport, access.backend, timeout=TIMEOUT) as publisher:
            withdrawals = [_withdraw(publisher, user_id, prefix) for user_id in users]
            outcomes = await asyncio.gather(*withdrawals, return_exceptions=True)
        clients = [RpcClient(transport, access.user(user_id)) for user_id in users]
        ends = (_unregister(client, prefix) for client in clients)
        outcomes += await asyncio.gather(*ends, return_exceptions=True)
    finally:
        await transport.close()
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


async def _withdraw(publisher: Publisher, user_id: str, prefix: str) -> None:
    rows = publisher.list(user_id, page_size=500)
    left = [row.id async for row in rows if row.group_name.startswith(prefix)]

    async def some() -> None:
        while left:
            try:
                await publisher.delete(user_id, left.pop())
            except NotFound:
                continue  # it has expired meanwhile

    await asyncio.gather(*(some() for _ in range(CONCURRENCY)))


async def _unregister(client: RpcClient, prefix: str) -> None:
    known = await client.call(LIST_ENDPOINTS, pb.ListEndpointsRequest())
    for endpoint in known.endpoints:
        if endpoint.endpoint_id.startswith(prefix):
            request = pb.DeleteEndpointRequest(endpoint_id=endpoint.endpoint_id)
            await client.call(DELETE_ENDPOINT, request)
