"""Serves methods of the same shapes as ours that do nothing: `python -m benchmarks.floor [CERTIFICATE KEY]`.

It is built like our server: coroutines that exchange encoded bytes, registered handlers, the same channel
arguments. The first four bytes of a request are the size of the answer.
"""

import asyncio
import json
import struct
import sys
from pathlib import Path
from typing import Any, Final, TypeAlias

import grpc

NAME: Final = "floor.Floor"
SIZE: Final = struct.Struct(">I")

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

_FREE: Final = "127.0.0.1:0"

_OPTIONS: Final = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_metadata_size", 24 * 1024),
    ("grpc.absolute_max_metadata_size", 32 * 1024),
    ("grpc.server.max_pending_requests", 100_000),
    ("grpc.server.max_pending_requests_hard_limit", 100_000),
)


class Floor:
    """The handlers of the methods."""

    def __init__(self) -> None:
        self._listening: list[asyncio.Event] = []
        self._said = b""

    async def echo(self, body: bytes, _context: Context) -> bytes:
        """Answer with as many bytes as the request wants."""
        return wanted(body)

    async def tell(self, body: bytes, _context: Context) -> bytes:
        """Write a message of so many bytes to every open stream; the answer is empty."""
        self._said = wanted(body)
        for event in self._listening:
            event.set()
        return b""

    async def listen(self, body: bytes, context: Context) -> None:
        """Write two messages, as a stream of ours begins with, and then one for each call of `tell`."""
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
    """Return zeros, as many as the number that a request begins with."""
    return bytes(SIZE.unpack_from(body)[0])


def handlers(floor: Floor) -> dict[str, Handler]:
    """Return the gRPC handlers by method name."""
    return {
        "Echo": grpc.unary_unary_rpc_method_handler(floor.echo),
        "Tell": grpc.unary_unary_rpc_method_handler(floor.tell),
        "Listen": grpc.unary_stream_rpc_method_handler(floor.listen),
    }


async def serve(*files: str) -> None:
    """Serve on a free port of 127.0.0.1 until the process ends; its address is logged on stderr as JSON.

    `files` are those of a certificate and its key, in PEM; without them it speaks in the clear.
    """
    server = grpc.aio.server(options=_OPTIONS)
    methods = handlers(Floor())
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, methods),))
    server.add_registered_method_handlers(NAME, methods)
    port = server.add_secure_port(_FREE, _tls(*files)) if files else server.add_insecure_port(_FREE)
    await server.start()
    sys.stderr.write(json.dumps({"event": "serving", "address": f"127.0.0.1:{port}"}) + "\n")
    await server.wait_for_termination()


def _tls(certificate: str, key: str) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials([(Path(key).read_bytes(), Path(certificate).read_bytes())])


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
