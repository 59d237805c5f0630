"""Handles an exchange by one method, and methods that answer what they are asked."""

import asyncio
from collections.abc import Awaitable, Callable

import grpc

from tests.grpc_protocol.exchanges import HeldExchange
from unisono.server.api.call import Call, Rpc
from unisono.server.api.router import Router

LIMIT = 1000


def router(handle: Callable[[Call], Awaitable[bytes | None]]) -> Router:
    async def unknown(call: Call) -> None:
        await call.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method")

    return Router({"unisono.Test": {"Method": Rpc(handle)}}, Rpc(unknown))


async def handled(exchange: HeldExchange, handle: Callable[[Call], Awaitable[bytes | None]]) -> HeldExchange:
    async with asyncio.timeout(10):
        await router(handle).handle(exchange)
    return exchange


async def echo(call: Call) -> bytes | None:
    return await call.read(LIMIT)


async def echo_all(call: Call) -> None:
    while (message := await call.read(LIMIT)) is not None:
        await call.write(message)
