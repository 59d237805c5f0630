"""Something that answers every request with a page, as a login page or a proxy without its server does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived


@asynccontextmanager
async def pages(status: int, content_type: str = "text/html", body: bytes = b"<html>") -> AsyncIterator[int]:
    """Listen on a port of 127.0.0.1, which is yielded, and answer so over HTTP/2 in the clear."""
    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        connection = H2Connection(H2Configuration(client_side=False))
        connection.initiate_connection()
        headers = [(":status", str(status)), ("content-type", content_type)]
        with suppress(ConnectionError, asyncio.CancelledError):
            while True:
                writer.write(connection.data_to_send())
                data = await reader.read(65536)
                if not data:
                    break
                for event in connection.receive_data(data):
                    if isinstance(event, RequestReceived):
                        connection.send_headers(event.stream_id, headers, end_stream=not body)
                        if body:
                            connection.send_data(event.stream_id, body, end_stream=True)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
