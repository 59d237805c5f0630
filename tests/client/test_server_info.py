"""GetServerInfo: every caller hears the version of the service, and up to where it knows the contract."""

import subprocess
import sys

import pytest

from tests.client.conftest import Serve
from tests.support.processes import TIMEOUT
from tests.support.services import Service
from unisono.client import Unauthenticated
from unisono.client._wire.contract_levels import NEWEST
from unisono.client._wire.methods import GET_SERVER_INFO
from unisono.v1.server_service_pb2 import GetServerInfoRequest, GetServerInfoResponse


async def info(service: Service, token: str) -> GetServerInfoResponse:
    return await service.transport.unary(
        GET_SERVER_INFO, GetServerInfoRequest(), token=token, timeout=TIMEOUT
    )


async def test_every_caller_hears_of_the_version_and_the_level(service: Service) -> None:
    command = (sys.executable, "-m", "unisono.server", "--version")
    printed = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=True).stdout

    for token in (service.app_token(), service.user_token(), service.user_token(may_send=False)):
        said = await info(service, token)

        assert printed == f"unisono-server, version {said.version}\n"
        assert said.contract_level == NEWEST


async def test_strangers_hear_nothing(service: Service) -> None:
    with pytest.raises(Unauthenticated):
        await info(service, "nobody's token")


async def test_it_needs_no_store(serve: Serve) -> None:
    service = await serve()
    with service.full():
        assert (await info(service, service.app_token())).contract_level == NEWEST
