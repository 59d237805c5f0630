"""The servers that Connect's conformance suite asks for. All run in this process, each on a port of its own.

Whoever asks sends a `ServerCompatRequest`, gets a `ServerCompatResponse`, and leaves when it needs no server
any more.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from struct import Struct
from tempfile import TemporaryDirectory
from typing import Any, Final

import grpc

from tests.conformance import protos
from tests.conformance.requests import CURRENT, Request
from tests.conformance.service import ConformanceService
from tests.http.listening import HOST, listening
from unisono.server.api.call import Call, Rpc
from unisono.server.api.http.exchange import Exchange, Handle
from unisono.server.api.router import Router
from unisono.server.api.tls import Certificate

_LENGTH: Final = Struct(">I")


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[None]:
    """Give servers to whoever comes by a socket at `path`."""
    async with await asyncio.start_unix_server(_serve, path):
        yield


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with TemporaryDirectory() as folder:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        asked = protos.message("ServerCompatRequest").FromString(await reader.readexactly(length))
        async with listening(_handler(asked), certificate=_certificate(asked, Path(folder))) as served:
            answer = protos.message("ServerCompatResponse")
            said = answer(host=HOST, port=served.port, pem_cert=asked.server_creds.cert).SerializeToString()
            writer.write(_LENGTH.pack(len(said)) + said)
            # Whoever it is for may be ended in any way.
            with suppress(ConnectionError):
                await reader.read()
    writer.close()


def _handler(asked: Any) -> Handle:
    """Return what handles exchanges: all protocols and versions of HTTP at once."""
    router = Router(ConformanceService(asked.message_receive_limit).services(), Rpc(_unknown, streaming=True))

    async def handle(exchange: Exchange) -> None:
        request = Request(exchange)
        CURRENT.set(request)
        await router.handle(request.exchange)

    return handle


async def _unknown(call: Call) -> None:
    await call.abort(grpc.StatusCode.UNIMPLEMENTED, "there is no such method")


def _certificate(asked: Any, folder: Path) -> Certificate | None:
    if not asked.use_tls:
        return None
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(asked.server_creds.cert)
    files[1].write_bytes(asked.server_creds.key)
    return Certificate(*files)
