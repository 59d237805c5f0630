"""Something that answers every request with a page, as a login page or a proxy without its server does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from tests.support.accepting import accepting


class Pages:
    """What serves the pages, on a port of 127.0.0.1."""

    def __init__(self) -> None:
        self.port = 0
        self._asked: Counter[str] = Counter()
        self._changed = asyncio.Condition()

    async def asked(self, method: str) -> None:
        """Count a request for the path of a method."""
        async with self._changed:
            self._asked[method] += 1
            self._changed.notify_all()

    async def until_asked(self, method: str, times: int) -> None:
        """Wait until a method was called so often."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._asked[method] >= times)


@asynccontextmanager
async def pages(
    status: int, content_type: str = "text/html", body: bytes = b"<html>"
) -> AsyncIterator[Pages]:
    """Listen, and answer so over HTTP/2 in the clear."""
    served = Pages()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = H2Connection(H2Configuration(client_side=False))
        connection.initiate_connection()
        headers = [(":status", str(status)), ("content-type", content_type)]
        while True:
            writer.write(connection.data_to_send())
            data = await reader.read(65536)
            if not data:
                break
            for event in connection.receive_data(data):
                if isinstance(event, RequestReceived):
                    path = dict(event.headers)[b":path"].decode()
                    await served.asked(path.rpartition("/")[2])
                    connection.send_headers(event.stream_id, headers, end_stream=not body)
                    if body:
                        connection.send_data(event.stream_id, body, end_stream=True)

    async with accepting(answer) as served.port:
        yield served
