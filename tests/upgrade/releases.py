"""This release and the one before: how each is run, and which of them serves."""

from itertools import count
from typing import Final

from tests.support import release_before, tokens
from tests.support.channels import plain_channel
from tests.support.processes import TIMEOUT, Environment
from unisono.server import __version__
from unisono.v1.server_service_pb2 import GetServerInfoRequest
from unisono.v1.server_service_pb2_grpc import ServerServiceStub

THIS: Final = __version__
BEFORE: Final = release_before.VERSION

_asked: Final = count()


def environment(version: str) -> Environment:
    """Return what a process needs to run the code of a release; skips the test where that is not there."""
    return release_before.environment() if version == BEFORE else {"PYTHONPATH": ""}


async def serves(address: str) -> str:
    """Return the version of the server at an address, over a connection that nobody has lost before."""
    async with plain_channel(address, asked=next(_asked)) as channel:
        answer = await ServerServiceStub(channel).GetServerInfo(
            GetServerInfoRequest(),
            metadata=(("authorization", f"Bearer {tokens.publisher()}"),),
            timeout=TIMEOUT,
        )
    return str(answer.version)
