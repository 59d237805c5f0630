"""Runs `buf curl`, and reads what it prints. Knows no method."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.processes import TIMEOUT, ServerProcess

COMMAND = (str(Path(sys.executable).with_name("buf")), "curl", "--protocol", "grpc")

#: Where it knows the messages from.
REFLECTION = ("--reflect-header", "*")
PROTO_FILES = ("--schema", str(Path(__file__).parents[2] / "proto"))

Json = dict[str, Any]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*COMMAND, *arguments), capture_output=True, text=True, timeout=TIMEOUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class BufCurl:
    """A caller with a token."""

    server: ServerProcess
    token: str
    schema: tuple[str, ...]

    def call(self, method: str, **request: Any) -> Json:
        """The response of a call that succeeds."""
        done = run(*self._arguments(method, request))
        assert done.returncode == 0, done.stderr
        response: Json = json.loads(done.stdout)
        return response

    def failure(self, method: str, **request: Any) -> Json:
        """The error of a call that does not: its code in words, its message, its details."""
        done = run(*self._arguments(method, request))
        assert done.stdout == ""
        error: Json = json.loads(done.stderr)
        return error

    @contextmanager
    def stream(self, method: str, **request: Any) -> Iterator[Iterator[Json]]:
        """The responses of a call that the server goes on answering; it is given up at the end."""
        command = (*COMMAND, *self._arguments(method, request))
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield _printed(process)
            finally:
                process.terminate()

    def _arguments(self, method: str, request: Json) -> tuple[str, ...]:
        header = f"authorization: Bearer {self.token}"
        url = f"http://{self.server.address}/unisono.v1.{method}"
        return (*self.schema, "--header", header, "--data", json.dumps(request), url)


def _printed(process: subprocess.Popen[str]) -> Iterator[Json]:
    """One object after the other; each ends with a brace on a line of its own."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            yield json.loads(text)
            text = ""
