"""The server that Connect's conformance suite starts: `python -m tests.conformance`.

It reads what is asked of it from stdin, tells its address on stdout, and serves until SIGTERM. What the
server warns of goes to the file that `LOG` in the environment names.
"""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from struct import Struct
from tempfile import TemporaryDirectory
from typing import Any, Final

import grpc
import structlog

from tests.conformance import protos
from tests.conformance.requests import CURRENT, Request
from tests.conformance.service import ConformanceService
from tests.http.listening import HOST, listening
from unisono.server.api.call import Call, Rpc
from unisono.server.api.http.exchange import Exchange
from unisono.server.api.router import Router
from unisono.server.api.tls import Certificate

_LENGTH: Final = Struct(">I")


async def serve(asked: Any, folder: Path) -> None:
    """Serve as a `ServerCompatRequest` asks, all protocols and versions of HTTP at once."""
    router = Router(ConformanceService(asked.message_receive_limit).services(), Rpc(_unknown, streaming=True))

    async def handle(exchange: Exchange) -> None:
        request = Request(exchange)
        CURRENT.set(request)
        await router.handle(request.exchange)

    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with listening(handle, certificate=_certificate(asked, folder)) as served:
        answer = protos.message("ServerCompatResponse")
        _say(answer(host=HOST, port=served.port, pem_cert=asked.server_creds.cert))
        await stopped.wait()


async def _unknown(call: Call) -> None:
    await call.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method")


def _certificate(asked: Any, folder: Path) -> Certificate | None:
    if not asked.use_tls:
        return None
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(asked.server_creds.cert)
    files[1].write_bytes(asked.server_creds.key)
    return Certificate(*files)


def _asked() -> Any:
    (length,) = _LENGTH.unpack(sys.stdin.buffer.read(_LENGTH.size))
    return protos.message("ServerCompatRequest").FromString(sys.stdin.buffer.read(length))


def _say(message: Any) -> None:
    data = message.SerializeToString()
    sys.stdout.buffer.write(_LENGTH.pack(len(data)) + data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    protos.load()
    with TemporaryDirectory() as folder, Path(os.environ["LOG"]).open("a", encoding="utf-8") as log:
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=structlog.PrintLoggerFactory(log),
        )
        asyncio.run(serve(_asked(), Path(folder)))
