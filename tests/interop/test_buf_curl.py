"""buf curl, written in Go by others: it knows the service from its reflection, or from its proto files."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from tests.support import tokens
from tests.support.processes import PATIENCE, ServerProcess, serving
from unisono.v1 import endpoint_service_pb2, feed_service_pb2, notification_service_pb2

BUF = Path(sys.executable).with_name("buf")
PROTO = Path(__file__).parents[2] / "proto"
SERVICES = "unisono.v1"

Message = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BufCurl:
    """Calls a server with a token. `schema` are the flags that say where the proto comes from."""

    server: ServerProcess
    schema: tuple[str, ...]
    token: str

    def __call__(self, method: str, **request: Any) -> Message:
        """The response of a call that succeeds."""
        done = self.run(method, request)
        assert done.returncode == 0, done.stderr
        response: Message = json.loads(done.stdout)
        return response

    def run(self, method: str, request: Message) -> subprocess.CompletedProcess[str]:
        command = self.command(method, request)
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)

    @contextmanager
    def stream(self, method: str, **request: Any) -> Iterator[Iterator[Message]]:
        """The responses of a call that the server goes on answering; it is given up at the end."""
        command = self.command(method, request)
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                yield _messages(process)
            finally:
                process.terminate()

    def command(self, method: str, request: Message) -> tuple[str, ...]:
        header = ("--header", f"authorization: Bearer {self.token}")
        url = f"http://{self.server.address}/{SERVICES}.{method}"
        return (*GRPC, *self.schema, *header, "--data", json.dumps(request), url)


def _messages(process: subprocess.Popen[str]) -> Iterator[Message]:
    """Each ends with a brace on a line of its own."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            yield json.loads(text)
            text = ""


GRPC = (str(BUF), "curl", "--protocol", "grpc")
REFLECTED = ("--reflect-header", "*")
FILES = ("--schema", str(PROTO))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("interop") / "unisono.db") as server:
        yield server


@pytest.fixture(params=[REFLECTED, FILES], ids=["reflection", "proto files"])
def schema(request: pytest.FixtureRequest) -> tuple[str, ...]:
    flags: tuple[str, ...] = request.param
    return flags


@pytest.fixture
def user_id(schema: tuple[str, ...]) -> str:
    """One for each test: nothing else happens in its feed."""
    return f"ada-{abs(hash(schema))}"
