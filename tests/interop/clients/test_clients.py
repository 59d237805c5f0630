"""Each client does what the contract says, against a server of ours: see `README.md`."""

import asyncio
import itertools
import os
from typing import Final

import pytest

from tests.interop.clients import results
from tests.interop.clients.cases import CASES, RESTARTED
from tests.interop.clients.client import CONNECTING, LACKING, Client, Outcome, clients
from tests.interop.clients.results import Result
from tests.interop.clients.site import Site
from tests.support import tokens
from tests.support.proxies import proxied
from unisono.client import Publisher

_NUMBERS: Final = itertools.count(1)


@pytest.mark.parametrize("client", clients(), ids=lambda client: client.name)
@pytest.mark.parametrize("case", CASES)
async def test_client(client: Client, case: str, site: Site, request: pytest.FixtureRequest) -> None:
    if client.missing:
        results.record(request, result(client, case, results.NOT_TRIED, client.missing))
        pytest.skip(client.missing)
    user_id = f"user-{os.getpid()}-{next(_NUMBERS)}"

    outcome = await (restarted if case in RESTARTED else connected)(client, case, site, user_id)

    results.record(request, result(client, case, NAMES.get(outcome.status, results.FAILED), outcome.reason))
    if outcome.status == LACKING:
        pytest.skip(outcome.reason)
    assert outcome.status == 0, outcome.reason


async def connected(client: Client, case: str, site: Site, user_id: str) -> Outcome:
    """Run a case, which fails if it takes more than one connection."""
    async with proxied(site.address) as proxy:
        outcome = await client.run(proxy.target, case, user_id, nothing)
        if not outcome.status and client.name not in CONNECTING and proxy.connections != 1:
            return Outcome(status=1, reason=f"it took {proxy.connections} connections")
    return outcome


async def restarted(client: Client, case: str, site: Site, user_id: str) -> Outcome:
    """Run a case, and start the server anew once it is ready."""
    restarts = 0

    async def restart() -> None:
        nonlocal restarts
        restarts += 1
        await asyncio.to_thread(site.restart)
        if case == "drain":
            async with Publisher(site.address, tokens.publisher()) as publisher:
                await publisher.send(user_id, title="After the restart")

    outcome = await client.run(site.address, case, user_id, restart)
    if not outcome.status and restarts != 1:
        return Outcome(status=1, reason=f"it was ready {restarts} times")
    return outcome


async def nothing() -> None:
    """Do nothing: the case has no use for it."""


NAMES: Final = {0: results.OK, LACKING: results.NOT_FOR_IT}


def result(client: Client, case: str, outcome: str, reason: str) -> Result:
    version = "" if client.missing else client.version
    return Result(client=client.name, case=case, outcome=outcome, reason=reason, version=version)
