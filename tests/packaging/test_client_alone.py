"""The wheel of the client, alone in an empty environment, on the lowest versions of all that it accepts: it
brings little, and works against the server.
"""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.environments import ROUND_TRIP, constraints, empty, pip, run
from tests.packaging.sources import REQUIREMENTS, ROOT, build, pins
from tests.support import tokens
from tests.support.processes import ServerProcess, serving

INSTALLED = """
from importlib.metadata import distributions
print(*sorted(d.metadata["Name"].lower() for d in distributions()))
"""

#: What the stubs and the SDK need, what the command needs, and what rich, grpcio and httpx bring along.
BROUGHT = {
    *("unisono-client", "unisono-proto", "grpcio", "protobuf", "googleapis-common-protos", "pyjwt"),
    *("click", "rich", "httpx"),
    *("markdown-it-py", "mdurl", "pygments", "typing-extensions", "typing_extensions"),
    *("anyio", "certifi", "h11", "httpcore", "idna", "sniffio"),
}

SIGN = """
import sys
from unisono.client import TokenSigner

def signer(key):
    return TokenSigner(issuer=sys.argv[1], audience=sys.argv[2], client_id="mail-client", key=key)

try:
    signer("-----BEGIN PRIVATE KEY-----")
except ImportError as error:
    assert "unisono-client[crypto]" in str(error), error
print(signer(sys.argv[3]).for_app())
"""

LOAD_ALL = """
import importlib, pathlib
import google.protobuf, grpc, unisono.v1
stubs = sorted(path.stem for path in pathlib.Path(unisono.v1.__path__[0]).glob("*_pb2*.py"))
for stub in stubs:
    importlib.import_module(f"unisono.v1.{stub}")
print(grpc.__version__, google.protobuf.__version__, len(stubs))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the client, and the lowest versions of everything that it accepts."""
    folder = tmp_path_factory.mktemp("alone")
    for distribution in ("unisono-proto", "unisono-client"):
        build(distribution, folder)
    held = constraints(folder / "constraints.txt", declared_lowest())
    environment = empty(folder / "environment")
    pip("--find-links", folder, "--constraint", held, "unisono-client", into=environment)
    return environment


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("server") / "unisono.db") as server:
        yield server


def declared_lowest() -> dict[str, str]:
    project = tomllib.loads((ROOT / "clients/python/pyproject.toml").read_text())["project"]
    return dict(needed.split(">=") for needed in project["dependencies"] if ">=" in needed)


def test_it_brings_three_libraries_and_what_its_command_needs(environment: Path) -> None:
    brought = set(run(environment, "python", "-c", INSTALLED).stdout.split())
    assert {"unisono-client", "grpcio", "protobuf", "googleapis-common-protos"} <= brought <= BROUGHT


def test_its_command_works(environment: Path, server: ServerProcess) -> None:
    known = {"UNISONO_TARGET": server.address, "UNISONO_TOKEN": tokens.publisher()}
    sent = run(environment, "unisono", "send", "bob", "It works", "--json", **known)
    assert (sent.returncode, sent.stderr) == (0, "")
    listed = run(environment, "unisono", "list", "--user", "bob", "--json", **known)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert json.loads(listed.stdout)["id"] == json.loads(sent.stdout)["id"]


def test_it_signs_in(environment: Path, tmp_path: Path) -> None:
    """When nobody listens where the provider is to be, then httpx of the lowest version says so."""
    known = {"XDG_STATE_HOME": str(tmp_path)}
    ended = run(
        environment, "unisono", "login", "--issuer", "http://127.0.0.1:9", "--client-id", "x", **known
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Connection refused" in ended.stderr.splitlines()[0]


def test_the_sdk_works(environment: Path, server: ServerProcess) -> None:
    """When a device listens and a backend sends, then the device hears of it, without a warning."""
    arguments = (server.address, tokens.publisher(), tokens.device("ada"))
    done = run(environment, "python", "-c", ROUND_TRIP, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    lowest = declared_lowest()
    assert done.stdout.split(maxsplit=3) == [lowest["grpcio"], lowest["protobuf"], "True", "It works\n"]


def test_it_signs_tokens(environment: Path, server: ServerProcess) -> None:
    """With a secret; for a private key it says what to install."""
    signed = run(environment, "python", "-c", SIGN, tokens.ISSUER, tokens.AUDIENCE, tokens.SECRET)
    assert (signed.returncode, signed.stderr) == (0, "")
    known = {"UNISONO_TARGET": server.address, "UNISONO_TOKEN": signed.stdout.strip()}
    assert run(environment, "unisono", "send", "bob", "Signed", **known).returncode == 0


def test_all_stubs_load_on_the_lowest_runtime_that_they_declare(environment: Path) -> None:
    done = run(environment, "python", "-c", LOAD_ALL)
    assert (done.returncode, done.stderr) == (0, "")
    grpcio, protobuf, stubs = done.stdout.split()
    assert {"grpcio": grpcio, "protobuf": protobuf}.items() <= pins(REQUIREMENTS / "lowest.txt").items()
    assert int(stubs) == len(list((ROOT / "generated/python/unisono/v1").glob("*_pb2*.py"))) > 0
