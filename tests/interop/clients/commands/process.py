"""The service as commands call it: a process for each call."""

import json
import subprocess
from typing import Final

from google.protobuf import json_format
from google.protobuf.message import Message

from tests.interop.clients.commands.service import FEEDS, ResponseT, Service, Stream, request_of_stream
from tests.interop.clients.commands.tools import Failure, Tool, status_of
from tests.support.processes import TIMEOUT
from unisono.v1 import feed_service_pb2 as feed_pb


class CommandService(Service):
    """See `Service`."""

    def __init__(self, tool: Tool, address: str) -> None:
        super().__init__()
        self._tool: Final = tool
        self._address: Final = address

    def call(self, method: str, request: Message, response: ResponseT, token: str) -> ResponseT:
        """See `Service`."""
        done = subprocess.run(
            self._tool.command(self._address, method, token, self.publisher, None),
            input=json_format.MessageToJson(request),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        if done.returncode:
            raise Failure(self._tool.status(done.stdout or done.stderr))
        return json_format.Parse(done.stdout, response)

    def subscribe(self, timeout: float | None = None) -> "ProcessStream":
        """See `Service`."""
        command = self._tool.command(self._address, FEEDS + "Subscribe", self.user, self.publisher, timeout)
        return ProcessStream(self._tool, command)


class ProcessStream(Stream):
    """A process that writes what a device is sent."""

    def __init__(self, tool: Tool, command: list[str]) -> None:
        super().__init__()
        pipe = subprocess.PIPE
        self._tool: Final = tool
        self._process: Final = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert self._process.stdin is not None
        self._process.stdin.write(json_format.MessageToJson(request_of_stream()))
        self._process.stdin.close()

    def close(self) -> None:
        """See `Stream`."""
        self._process.terminate()
        self._process.wait()

    def next(self) -> feed_pb.SubscribeResponse:
        """See `Stream`. A message is one line, or more to a brace on a line of its own."""
        text = ""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text += line
            if line == "}\n" or line.startswith('{"'):
                return _message(text)
        assert self._process.stderr is not None
        raise Failure(self._tool.status(self._process.stderr.read()))


def _message(text: str) -> feed_pb.SubscribeResponse:
    """Return a message; the last line of a stream that failed says so. Raises Failure."""
    told = json.loads(text)
    if "error" in told:
        raise Failure(status_of(told["error"]))
    return json_format.ParseDict(told, feed_pb.SubscribeResponse())
