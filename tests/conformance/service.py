"""The service that Connect's conformance suite calls: `connectrpc.conformance.v1.ConformanceService`.

What each method has to do is said in the comments of its proto. Methods whose client sends a stream are
missing: Unisono has none but that of reflection.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import grpc
from google.rpc import status_pb2

from tests.conformance import protos
from tests.conformance.requests import CURRENT, pairs
from unisono.server.api import status
from unisono.server.api.call import Call, Rpc, Rpcs
from unisono.server.errors import UnisonoError

SERVICE: Final = f"{protos.PACKAGE}.ConformanceService"

_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


class ConformanceService:
    """The methods. `limit` is the size of a request in bytes beyond which it is refused."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    def services(self) -> Mapping[str, Rpcs]:
        """Return the methods as a router takes them. `Unimplemented` is none."""
        return {
            SERVICE: {
                "Unary": Rpc(self._unary),
                "IdempotentUnary": Rpc(self._idempotent_unary),
                "ServerStream": Rpc(self._server_stream, streaming=True),
            }
        }

    async def _unary(self, call: Call) -> bytes:
        return await self._one_response(call, "Unary")

    async def _idempotent_unary(self, call: Call) -> bytes:
        return await self._one_response(call, "IdempotentUnary")

    async def _one_response(self, call: Call, method: str) -> bytes:
        message = await self._request(call, method)
        info = CURRENT.get().info(call, message)
        asked = message.response_definition
        CURRENT.get().headers.extend(_encoded(asked.response_headers))
        await asyncio.sleep(asked.response_delay_ms / 1000)
        if asked.HasField("error"):
            await _fail(call, asked, info)
        call.set_trailing_metadata(pairs(asked.response_trailers))
        return _response(method, asked.response_data, info)

    async def _server_stream(self, call: Call) -> None:
        message = await self._request(call, "ServerStream")
        info = CURRENT.get().info(call, message)
        asked = message.response_definition
        CURRENT.get().headers.extend(_encoded(asked.response_headers))
        for data in asked.response_data:
            await asyncio.sleep(asked.response_delay_ms / 1000)
            await call.write(_response("ServerStream", data, info))
            info = None
        if asked.HasField("error"):
            await _fail(call, asked, info)
        call.set_trailing_metadata(pairs(asked.response_trailers))

    async def _request(self, call: Call, method: str) -> Any:
        """Return the one request that a call has; it has to be one."""
        try:
            body = await call.read(self._limit)
            if body is None or await call.read(self._limit) is not None:
                await call.abort(grpc.StatusCode.UNIMPLEMENTED, "the method takes one request")
        except UnisonoError as error:
            await call.abort(status.code_of(error), error.message)
        return protos.message(f"{method}Request").FromString(body)


async def _fail(call: Call, asked: Any, info: Any | None) -> None:
    """End a call with the error that is asked for; `info` is told, unless a response has told it."""
    error = asked.error
    answer = status_pb2.Status(code=error.code, message=error.message, details=error.details)
    if info is not None:
        answer.details.add().Pack(info)
    trailing = (*pairs(asked.response_trailers), *status.trailers(answer))
    await call.abort(_CODES[error.code], error.message, trailing)


def _response(method: str, data: bytes, info: Any | None) -> bytes:
    payload = protos.message("ConformancePayload")(data=data, request_info=info)
    response: bytes = protos.message(f"{method}Response")(payload=payload).SerializeToString()
    return response


def _encoded(headers: Any) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in pairs(headers)]
