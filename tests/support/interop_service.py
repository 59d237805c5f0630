"""The service that gRPC's interop clients call: `grpc.testing.TestService`, its messages by field numbers.

What it has to do is said in `doc/interop-test-descriptions.md` of gRPC.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import grpc

from tests.support.more_headers import WithHeaders
from tests.support.wire_fields import Fields, data, number, parsed, written
from unisono.server.api.call import Call, Rpc, Rpcs
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.router import Router

LIMIT: Final = 4 * 1024 * 1024

#: Fields of the messages of `grpc/testing/messages.proto`.
PAYLOAD_BODY: Final = 2
RESPONSE_SIZE, REQUEST_PAYLOAD, RESPONSE_STATUS = 2, 3, 7
RESPONSE_PAYLOAD: Final = 1
INPUT_PAYLOAD, AGGREGATED_SIZE = 1, 1
OUTPUT_PARAMETERS: Final = 2
PARAMETERS_SIZE, PARAMETERS_INTERVAL = 1, 2
STATUS_CODE, STATUS_MESSAGE = 1, 2

ECHO_INITIAL: Final = b"x-grpc-test-echo-initial"
ECHO_TRAILING: Final = "x-grpc-test-echo-trailing-bin"

_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


def services() -> Mapping[str, Rpcs]:
    """Return the services by their names. `UnimplementedService` has no method at all."""
    return {
        "grpc.testing.TestService": {
            "EmptyCall": Rpc(_empty),
            "UnaryCall": Rpc(_unary),
            "StreamingInputCall": Rpc(_streaming_input),
            "StreamingOutputCall": Rpc(_streaming_output, streaming=True),
            "FullDuplexCall": Rpc(_full_duplex, streaming=True),
        }
    }


async def handle(exchange: Exchange) -> None:
    """Handle an exchange. Initial metadata, which Unisono never sends, is added here."""
    echoed = [header for header in exchange.headers if header[0] == ECHO_INITIAL]
    await _ROUTER.handle(WithHeaders(exchange, echoed) if echoed else exchange)


async def _empty(call: Call) -> bytes:
    await call.read(LIMIT)
    return b""


async def _unary(call: Call) -> bytes:
    _echo_trailing(call)
    request = parsed(await call.read(LIMIT) or b"")
    await _end_as_asked(call, request)
    return _response(number(request, RESPONSE_SIZE))


async def _streaming_input(call: Call) -> bytes:
    size = 0
    while (message := await call.read(LIMIT)) is not None:
        size += len(data(parsed(data(parsed(message), INPUT_PAYLOAD)), PAYLOAD_BODY))
    return written(AGGREGATED_SIZE, size)


async def _streaming_output(call: Call) -> None:
    await _answer(call, await call.read(LIMIT) or b"")


async def _full_duplex(call: Call) -> None:
    _echo_trailing(call)
    while (message := await call.read(LIMIT)) is not None:
        await _answer(call, message)


async def _answer(call: Call, message: bytes) -> None:
    """Send as many responses as a request asks for, each of its size and after its interval."""
    request = parsed(message)
    await _end_as_asked(call, request)
    for one in request.get(OUTPUT_PARAMETERS, ()):
        assert isinstance(one, bytes)
        parameters = parsed(one)
        await asyncio.sleep(number(parameters, PARAMETERS_INTERVAL) / 1e6)
        await call.write(_response(number(parameters, PARAMETERS_SIZE)))


async def _end_as_asked(call: Call, request: Fields) -> None:
    status = parsed(data(request, RESPONSE_STATUS))
    if number(status, STATUS_CODE):
        await call.abort(_CODES[number(status, STATUS_CODE)], data(status, STATUS_MESSAGE).decode())


def _response(size: int) -> bytes:
    return written(RESPONSE_PAYLOAD, written(PAYLOAD_BODY, bytes(size)))


def _echo_trailing(call: Call) -> None:
    call.set_trailing_metadata([entry for entry in call.metadata if entry[0] == ECHO_TRAILING])


async def _unknown(call: Call) -> None:
    await call.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method")


_ROUTER: Final = Router(services(), Rpc(_unknown))
