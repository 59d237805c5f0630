"""Keys are rotated, and the old ones withdrawn, under two hundred open devices, and nothing is lost."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path

import jwt
import pytest

from tests.interop.oidc_provider.conftest import providing
from tests.interop.oidc_provider.grants import Grants
from tests.interop.oidc_provider.process import Provider
from tests.interop.oidc_provider.serving import trusting
from tests.sdk.device_script import RecordedEvents, laptop, live
from tests.support.processes import TIMEOUT
from unisono.client import ChangeType, Device, Publisher

USERS, DEVICES = 20, 10

#: Of an access token, in seconds: each device needs a new one several times.
LIFETIME = 15

#: How long a backend rests between two sends to a user, in seconds.
PACE = 0.25


@pytest.fixture
def brief() -> Iterator[Provider]:
    with providing(lifetime=LIFETIME) as provider:
        yield provider


class Renewing:
    """The tokens of one device, which are renewed whenever it asks."""

    def __init__(self, grants: Grants, user_id: str) -> None:
        self.user_id = user_id
        self._grants = grants
        self._kid = ""
        self._changed = asyncio.Condition()
        self._tokens = grants.authorization_code(user_id)

    async def __call__(self) -> str:
        self._tokens = await asyncio.to_thread(self._grants.refresh, self._tokens.refresh_token)
        async with self._changed:
            self._kid = kid_of(self._tokens.access_token)
            self._changed.notify_all()
        return self._tokens.access_token

    async def until(self, kid: str) -> None:
        """Wait until it has had a token of this key."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._kid == kid)


class Backend:
    """Sends to each user until it is ended. `sent` has the titles by user, in order."""

    def __init__(self, publisher: Publisher, users: list[str]) -> None:
        self.sent: dict[str, list[str]] = {user: [] for user in users}
        self._publisher = publisher
        self._going = True
        self._progress = asyncio.Condition()
        self._tasks = [asyncio.create_task(self._send(user)) for user in users]

    async def more(self) -> None:
        """Wait until each user has been sent something that was not begun before."""
        wanted = {user: len(titles) + 2 for user, titles in self.sent.items()}
        async with self._progress:
            await self._progress.wait_for(
                lambda: all(len(self.sent[user]) >= wanted[user] for user in wanted)
            )

    async def end(self) -> None:
        self._going = False
        await asyncio.gather(*self._tasks)

    async def _send(self, user: str) -> None:
        for number in count():
            if not self._going:
                return
            await self._publisher.send(user, title=f"number {number}")
            async with self._progress:
                self.sent[user].append(f"number {number}")
                self._progress.notify_all()
            await asyncio.sleep(PACE)


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def has_reached(revision: int, device: Device) -> bool:
    return device.revision >= revision


async def renewed(devices: list[Renewing], kid: str) -> None:
    """Wait until each device has had a token of this key."""
    async with asyncio.timeout(TIMEOUT):
        await asyncio.gather(*(device.until(kid) for device in devices))


async def test_nothing_is_lost(brief: Provider, tmp_path: Path) -> None:
    grants, users = Grants(brief), [f"user-{number}" for number in range(USERS)]

    async def own_token() -> str:
        return (await asyncio.to_thread(grants.client_credentials)).access_token

    async def rotate(*, keep: bool) -> str:
        await asyncio.to_thread(brief.rotate, keep=keep)
        return kid_of(await own_token())

    with ThreadPoolExecutor(8) as people, trusting(brief, tmp_path) as server:
        publishing = Publisher(server.address, own_token, timeout=TIMEOUT)
        # Given two hundred devices of people who signed in, which are live, and a backend that sends
        tokens = list(people.map(lambda user: Renewing(grants, user), users * DEVICES))
        async with AsyncExitStack() as open_devices, publishing as publisher:
            devices = [
                await open_devices.enter_async_context(
                    laptop(server.address, token, endpoint_id=f"device-{number}")
                )
                for number, token in enumerate(tokens)
            ]
            await asyncio.gather(*map(live, devices))
            recorded = [RecordedEvents(device) for device in devices]
            backend = Backend(publisher, users)
            await backend.more()
            # When the provider signs with a new key, and then with another, the only one that is left
            for keep in (True, False):
                await renewed(tokens, await rotate(keep=keep))
                await asyncio.gather(*map(live, devices))
                await backend.more()
            await backend.end()
            stored = {user: (await publisher.get_feed(user)).last_revision for user in users}
            for token, device in zip(tokens, devices, strict=True):
                await device.wait_for(partial(has_reached, stored[token.user_id]))
            for device in devices:
                await device.close()
        await asyncio.gather(*(each.end() for each in recorded))

    # Then each of them got everything once, in order
    for token, each in zip(tokens, recorded, strict=True):
        created = [event for event in each.events if event.change_type is ChangeType.CREATED]
        assert [event.notification.title for event in created] == backend.sent[token.user_id]
