"""The service as whoever has nothing but HTTP and JSON calls it: a stream comes as Server-Sent Events."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc import code_pb2, status_pb2

from tests.interop.clients.commands.service import FEEDS, ResponseT, Service, Stream, request_of_stream
from tests.interop.clients.commands.tools import Failure, status_of
from tests.support.processes import TIMEOUT
from unisono.v1 import feed_service_pb2 as feed_pb


class HttpService(Service):
    """See `Service`."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address: Final = address

    def call(self, method: str, request: Message, response: ResponseT, token: str) -> ResponseT:
        """See `Service`."""
        with self._post(method, request, token, {}) as answer, broken_connections():
            return json_format.Parse(answer.read(), response)

    def subscribe(self, timeout: float | None = None, last_event_id: str = "") -> "EventStream":
        """See `Service`. `last_event_id` is where to go on."""
        headers = {"accept": "text/event-stream"}
        if timeout is not None:
            headers["connect-timeout-ms"] = f"{timeout * 1000:.0f}"
        if last_event_id:
            headers["last-event-id"] = last_event_id
        return EventStream(self._post(FEEDS + "Subscribe", request_of_stream(), self.user, headers))

    def _post(self, method: str, request: Message, token: str, headers: dict[str, str]) -> HTTPResponse:
        headers |= {"authorization": f"Bearer {token}", "content-type": "application/json"}
        body = json_format.MessageToJson(request).encode()
        asked = Request(f"http://{self._address}/{method}", body, headers)
        with broken_connections():
            answer: HTTPResponse = urlopen(asked, timeout=TIMEOUT)  # noqa: S310
            return answer


class EventStream(Stream):
    """A response that goes on. `last_event_id` is that of the last event that had one."""

    def __init__(self, response: HTTPResponse) -> None:
        super().__init__()
        self._response: Final = response
        self.last_event_id = ""

    def close(self) -> None:
        """See `Stream`."""
        self._response.close()

    def next(self) -> feed_pb.SubscribeResponse:
        """See `Stream`."""
        fields: dict[str, str] = {}
        with broken_connections():
            for line in self._response:
                if line == b"\n":
                    return self._message(fields)
                name, _, value = line.decode().rstrip("\n").partition(": ")
                fields[name] = value
        raise _unavailable("the stream ended")

    def _message(self, fields: dict[str, str]) -> feed_pb.SubscribeResponse:
        told = json.loads(fields["data"])
        if fields.get("event") == "error":
            raise Failure(status_of(told))
        self.last_event_id = fields.get("id", self.last_event_id)
        return json_format.ParseDict(told, feed_pb.SubscribeResponse())


@contextmanager
def broken_connections() -> Iterator[None]:
    """Raise Failure for what urllib raises: an answer with an error, or none."""
    try:
        yield
    except HTTPError as error:
        with error:
            raise Failure(status_of(json.loads(error.read()))) from error
    except (URLError, HTTPException, ConnectionError) as error:
        raise _unavailable(str(error)) from error


def _unavailable(why: str) -> Failure:
    return Failure(status_pb2.Status(code=code_pb2.UNAVAILABLE, message=why))
