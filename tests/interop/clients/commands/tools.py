"""What calls by command: how each is told what to call, and how it says that a call failed."""

import base64
import json
import subprocess
import typing
from collections.abc import Callable, Mapping
from typing import ClassVar, Final, Protocol

from google.protobuf import json_format
from google.protobuf.any_pb2 import Any
from google.rpc import code_pb2, status_pb2

from tests.support.processes import TIMEOUT

TOO_MUCH_JSON: Final = "a request in JSON may have 1 MiB"

_GRPCURL: Final = "github.com/fullstorydev/grpcurl"
_GRPC_GO: Final = "google.golang.org/grpc"


class Failure(Exception):
    """A call failed: with this status."""

    def __init__(self, status: status_pb2.Status) -> None:
        super().__init__(f"{code_pb2.Code.Name(status.code)}: {status.message}")
        self.status: Final = status


class Tool(Protocol):
    """A program that makes one call, whose request it reads from its standard input; all is JSON.

    `not_for_it` says of cases why it cannot do them.
    """

    not_for_it: ClassVar[Mapping[str, str]]

    def version(self) -> str:
        """Return its name and version."""

    def command(
        self, address: str, method: str, token: str, schema_token: str, timeout: float | None
    ) -> list[str]:
        """Return the words of a call. The schema is the server's, by reflection."""

    def status(self, complaint: str) -> status_pb2.Status:
        """Return the status that it says a call ended with."""


class GrpcUrl:
    """grpcurl, which is grpc-go."""

    not_for_it: ClassVar[Mapping[str, str]] = {}

    def __init__(self, program: str) -> None:
        self._program = program

    def version(self) -> str:
        """See `Tool`."""
        done = subprocess.run(
            ("go", "version", "-m", self._program),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=True,
        )
        modules = [line.split() for line in done.stdout.splitlines()]
        versions = {words[1]: words[2].lstrip("v") for words in modules if words[0] in ("mod", "dep")}
        return f"grpcurl {versions[_GRPCURL]} on grpc-go {versions[_GRPC_GO]}"

    def command(
        self, address: str, method: str, token: str, schema_token: str, timeout: float | None
    ) -> list[str]:
        """See `Tool`."""
        headers = ("-rpc-header", _bearer(token), "-reflect-header", _bearer(schema_token))
        limit = () if timeout is None else ("-max-time", str(timeout))
        return [self._program, "-plaintext", "-format-error", "-d", "@", *headers, *limit, address, method]

    def status(self, complaint: str) -> status_pb2.Status:
        """See `Tool`."""
        return json_format.Parse(complaint, status_pb2.Status())


class BufCurl:
    """buf curl, which is connect-go."""

    not_for_it: ClassVar[Mapping[str, str]] = {"deadline": "the command sets no deadline"}

    def __init__(self, program: str) -> None:
        self._program = program

    def version(self) -> str:
        """See `Tool`."""
        done = subprocess.run(
            (self._program, "--version"), capture_output=True, text=True, timeout=TIMEOUT, check=True
        )
        return f"buf curl {done.stdout.strip()}"

    def command(
        self, address: str, method: str, token: str, schema_token: str, timeout: float | None
    ) -> list[str]:
        """See `Tool`."""
        headers = ("--header", _bearer(token), "--reflect-header", _bearer(schema_token))
        url = f"http://{address}/{method}"
        return [self._program, "curl", "--protocol", "grpc", "--data", "@-", *headers, url]

    def status(self, complaint: str) -> status_pb2.Status:
        """See `Tool`."""
        return status_of(json.loads(complaint))


class Curl:
    """curl, which knows nothing of all this: a stream comes as lines of JSON."""

    not_for_it: ClassVar[Mapping[str, str]] = {"large": TOO_MUCH_JSON}

    def __init__(self, program: str) -> None:
        self._program = program

    def version(self) -> str:
        """See `Tool`."""
        done = subprocess.run(
            (self._program, "--version"), capture_output=True, text=True, timeout=TIMEOUT, check=True
        )
        return f"curl {done.stdout.split()[1]}, JSON"

    def command(
        self, address: str, method: str, token: str, schema_token: str, timeout: float | None
    ) -> list[str]:
        """See `Tool`. It says that it sends a form, as long as nobody says otherwise."""
        limit = () if timeout is None else ("--header", f"connect-timeout-ms: {timeout * 1000:.0f}")
        options = ("--silent", "--no-buffer", "--fail-with-body", "--data-binary", "@-", *limit)
        return [self._program, *options, "--header", _bearer(token), f"http://{address}/{method}"]

    def status(self, complaint: str) -> status_pb2.Status:
        """See `Tool`."""
        return status_of(json.loads(complaint))


def status_of(error: Mapping[str, typing.Any]) -> status_pb2.Status:
    """Return the status that an error of Connect tells."""
    details = [
        Any(type_url=f"type.googleapis.com/{told['type']}", value=base64.b64decode(told["value"] + "=="))
        for told in error.get("details", ())
    ]
    return status_pb2.Status(
        code=code_pb2.Code.Value(_code_name(error["code"])), message=error.get("message"), details=details
    )


def _code_name(connect: str) -> str:
    """Return a code as gRPC spells it, which has one l more."""
    return "CANCELLED" if connect == "canceled" else connect.upper()


def _bearer(token: str) -> str:
    return f"authorization: Bearer {token}"


TOOLS: Final[Mapping[str, Callable[[str], Tool]]] = {"grpcurl": GrpcUrl, "buf_curl": BufCurl, "curl": Curl}
"""By the names of their clients; each is given the path of the program."""
