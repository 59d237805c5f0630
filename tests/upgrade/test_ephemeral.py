"""A device that came back to the release before as an ordinary one is one, which it did not write."""

from pathlib import Path

import pytest

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.nodes import Client
from tests.support.processes import TESTERS, ServerProcess, serving
from tests.upgrade.releases import BEFORE, THIS, environment
from unisono.client import create_channel


async def subscribe(server: ServerProcess, *, ephemeral: bool) -> None:
    async with create_channel(server.address) as channel:
        window = ApiClient(Client(channel, tokens.device()), endpoint_id="window")
        await window.welcome(ephemeral=ephemeral)


@pytest.mark.parametrize("came_back", [True, False])
async def test_each_serves_in_turn(tmp_path: Path, came_back: bool) -> None:
    store = tmp_path / "unisono.db"
    with serving(store, env={**TESTERS, **environment(THIS)}) as server:
        await subscribe(server, ephemeral=True)
    with serving(store, env={**TESTERS, **environment(BEFORE)}) as server:
        if came_back:
            await subscribe(server, ephemeral=False)
    with serving(store, env={**TESTERS, **environment(THIS)}) as server:
        async with create_channel(server.address) as channel:
            backend = ApiClient(Client(channel, tokens.publisher()), user_id="ada")
            (window,) = await backend.endpoints()
    assert (window.endpoint_id, window.ephemeral) == ("window", not came_back)
