"""Serves the shapes of our methods, and nothing behind them: `python -m benchmarks.floor`.

It is made like the server that it is the floor of: coroutines that take and give ready bytes, registered
handlers, the same channel arguments. Requests say how many bytes they want back.
"""

import asyncio
import json
import struct
import sys
from typing import Any, Final, TypeAlias

import grpc

NAME: Final = "floor.Floor"
SIZE: Final = struct.Struct(">I")

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_metadata_size", 24 * 1024),
    ("grpc.absolute_max_metadata_size", 32 * 1024),
    ("grpc.server.max_pending_requests", 100_000),
    ("grpc.server.max_pending_requests_hard_limit", 100_000),
)


class Floor:
    """The methods."""

    def __init__(self) -> None:
        self._listening: list[asyncio.Event] = []
        self._said = b""

    async def echo(self, body: bytes, _context: Context) -> bytes:
        """As many bytes as the request begins with."""
        return wanted(body)

    async def tell(self, body: bytes, _context: Context) -> bytes:
        """Write so many bytes to every stream that listens."""
        self._said = wanted(body)
        for event in self._listening:
            event.set()
        return b""

    async def listen(self, body: bytes, context: Context) -> None:
        """Write two small messages, as a stream of ours begins, and then what is told."""
        event = asyncio.Event()
        self._listening.append(event)
        try:
            for _ in range(2):
                await context.write(wanted(body))
            while await event.wait():
                event.clear()
                await context.write(self._said)
        finally:
            self._listening.remove(event)


def wanted(body: bytes) -> bytes:
    """As many bytes as a request begins with."""
    return bytes(SIZE.unpack_from(body)[0])


def handlers(floor: Floor) -> dict[str, Handler]:
    """By method."""
    return {
        "Echo": grpc.unary_unary_rpc_method_handler(floor.echo),
        "Tell": grpc.unary_unary_rpc_method_handler(floor.tell),
        "Listen": grpc.unary_stream_rpc_method_handler(floor.listen),
    }


async def serve() -> None:
    """Serve on a free port, and say which, until the process is ended."""
    server = grpc.aio.server(options=_OPTIONS)
    methods = handlers(Floor())
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, methods),))
    server.add_registered_method_handlers(NAME, methods)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stderr.write(json.dumps({"event": "serving", "address": f"127.0.0.1:{port}"}) + "\n")
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve())
