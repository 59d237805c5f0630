"""A resume token continues exactly where it was given out; any other is refused or starts anew."""

import shutil
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import tokens
from tests.support.api_client import ApiClient
from tests.support.clocks import FakeClock
from tests.support.devices import Device
from tests.support.nodes import Running, Setup, running
from tests.support.rpc_errors import invalid
from unisono.server.core.sweeper import SweepRules

#: A position inside a token: three numbers, before a check sum of all that precedes it.
POSITION, CHECK = struct.Struct(">QQQ"), struct.Struct(">I")


def moved(token: bytes, cursor: int, known: int, base: int) -> bytes:
    """The same token for another position, as if it were a real one."""
    body = token[: -POSITION.size - CHECK.size] + POSITION.pack(cursor, known, base)
    return body + CHECK.pack(zlib.crc32(body))


def of_version(token: bytes, version: int) -> bytes:
    """The same token, as if made by other software."""
    body = bytes((version,)) + token[1 : -CHECK.size]
    return body + CHECK.pack(zlib.crc32(body))


async def token_of(caller: ApiClient) -> bytes:
    """The resume token that a complete history of the endpoint carries."""
    return (await caller.history(endpoint_id=caller.endpoint_id)).resume_token


async def is_resumed(caller: ApiClient, token: bytes) -> bool:
    """Whether a stream continues from the token."""
    return (await caller.welcome(resume_token=token)).welcome.resumed


async def refuses(caller: ApiClient, token: bytes) -> None:
    """Both RPCs that take a token refuse this one."""
    with invalid("resume_token", reason="RESUME_TOKEN_INVALID"):
        await caller.welcome(resume_token=token)
    with invalid("resume_token", reason="RESUME_TOKEN_INVALID"):
        await caller.acknowledge(token)


async def test_a_good_token_resumes(publisher: ApiClient, phone: ApiClient) -> None:
    for _ in range(3):
        token = await token_of(phone)
        await publisher.send()
        assert await is_resumed(phone, token)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "garbage": lambda token: b"resume me",
    "one byte": lambda token: b"\x01",
    "too short": lambda token: token[:-1],
    "too long": lambda token: token + b"\0",
    "twice": lambda token: token * 2,
    "zeros": lambda token: bytes(len(token)),
    "of a later version": lambda token: of_version(token, 2),
    "of an earlier version": lambda token: of_version(token, 0),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_malformed_token_is_refused(
    publisher: ApiClient, phone: ApiClient, damage: Callable[[bytes], bytes]
) -> None:
    await publisher.send()
    await refuses(phone, damage(await token_of(phone)))
    assert (await phone.endpoint()).acknowledged_revision == 0


async def test_an_empty_token_is_refused(phone: ApiClient) -> None:
    with invalid("resume_token", reason="RESUME_TOKEN_INVALID"):
        await phone.welcome(resume_token=b"")


async def test_one_wrong_bit_anywhere_is_noticed(phone: ApiClient) -> None:
    token = await token_of(phone)
    for place in range(len(token)):
        damaged = token[:place] + bytes((token[place] ^ 1 << place % 8,)) + token[place + 1 :]
        with invalid("resume_token", reason="RESUME_TOKEN_INVALID"):
            await phone.acknowledge(damaged)


async def test_a_refused_token_registers_nothing_and_ends_no_stream(serving: Running, user_id: str) -> None:
    device = await Device(serving.user(user_id), "phone").connect()
    with invalid("resume_token", reason="RESUME_TOKEN_INVALID"):
        await device_of(serving, user_id, "phone").welcome(resume_token=b"garbage")
    with invalid("resume_token", reason="RESUME_TOKEN_INVALID"):
        await device_of(serving, user_id, "new").welcome(resume_token=b"garbage")
    assert [e.endpoint_id for e in await device_of(serving, user_id, "phone").endpoints()] == ["phone"]
    sent = await ApiClient(serving.publisher, user_id=user_id).send()
    await device.at(sent.revision)
    await device.disconnect()


def device_of(serving: Running, user_id: str, endpoint_id: str) -> ApiClient:
    return ApiClient(serving.user(user_id), endpoint_id=endpoint_id)


async def test_a_token_of_another_user_is_refused(serving: Running, phone: ApiClient, user_id: str) -> None:
    other = device_of(serving, f"not-{user_id}", "phone")
    await other.register()
    await refuses(phone, await token_of(other))


async def test_a_token_of_the_same_user_in_another_app_is_refused(
    serving: Running, phone: ApiClient, user_id: str
) -> None:
    client = serving.client(tokens.device(user_id, azp="chat-client"))
    other = ApiClient(client, endpoint_id="phone")
    await other.register()
    await refuses(phone, await token_of(other))


async def test_a_token_of_another_endpoint_starts_anew(
    serving: Running, publisher: ApiClient, phone: ApiClient, user_id: str
) -> None:
    laptop = device_of(serving, user_id, "laptop")
    await laptop.register()
    await publisher.send()
    token = await token_of(laptop)
    assert not await is_resumed(phone, token)
    assert await phone.acknowledge(token) == 0


BEYOND = 2**64 - 1


@pytest.mark.parametrize(
    "position",
    [(2, 2, 2), (1, 1, 2), (1, 2, 1), (2**53, 2**53, 2**53), (BEYOND, BEYOND, BEYOND), (0, 0, 2**63)],
    ids=str,
)
async def test_a_token_ahead_of_the_feed_starts_anew(
    publisher: ApiClient, phone: ApiClient, position: tuple[int, int, int]
) -> None:
    await publisher.send()
    token = moved(await token_of(phone), *position)
    assert not await is_resumed(phone, token)
    assert await phone.acknowledge(token) == (1 if position[0] == 1 else 0)


async def test_after_a_start_anew_nothing_is_missing(publisher: ApiClient, phone: ApiClient) -> None:
    sent = [(await publisher.send()).id for _ in range(3)]
    device = Device(phone.client, "phone")
    await device.connect(resume_token=moved(await token_of(phone), 9, 9, 9))
    held = await device.disconnect()
    assert list(held.notifications) == sent
    assert held.rung == []


@pytest_asyncio.fixture(loop_scope="module")
async def forgetful(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Running]:
    """A node that keeps one tombstone of each feed."""
    rules = SweepRules(tombstones_per_feed=1)
    async with running(Setup(path=tmp_path / "unisono.db", clock=clock, sweep_rules=rules)) as node:
        yield node


async def test_a_token_below_the_floor_starts_anew(forgetful: Running, clock: FakeClock) -> None:
    publisher, phone = ApiClient(forgetful.publisher, user_id="ada"), device_of(forgetful, "ada", "phone")
    await phone.register()
    ids = [(await publisher.send(app_notification_id=f"{n}")).id for n in range(3)]
    before = await token_of(phone)
    for id_ in ids[:2]:
        await publisher.delete(id_)
    between = await token_of(phone)
    await publisher.delete(ids[2])
    await forgotten(publisher, clock, "1")
    assert not await is_resumed(phone, before)
    assert await is_resumed(phone, between)
    assert await phone.acknowledge(before) == 3


async def forgotten(publisher: ApiClient, clock: FakeClock, key: str) -> None:
    """Let time pass until the tombstone with this key, which was sent with `Hello`, is purged."""
    while (await publisher.send(app_notification_id=key)).deduplicated:
        clock.advance(1)


async def test_a_token_of_another_store_starts_anew(phone: ApiClient, user_id: str, tmp_path: Path) -> None:
    async with running(Setup(path=tmp_path / "other.db")) as other_node:
        other = device_of(other_node, user_id, "phone")
        await other.register()
        token = await token_of(other)
    assert not await is_resumed(phone, token)
    assert await phone.acknowledge(token) == 0


async def test_a_token_from_after_the_time_that_a_file_goes_back_to_starts_anew(tmp_path: Path) -> None:
    setup = Setup(path=tmp_path / "unisono.db")
    async with running(setup) as node:
        await device_of(node, "ada", "phone").register()
    shutil.copy(setup.path, tmp_path / "copy.db")
    async with running(setup) as node:
        await ApiClient(node.publisher, user_id="ada").send()
        token = await token_of(device_of(node, "ada", "phone"))
    shutil.copy(tmp_path / "copy.db", setup.path)
    async with running(setup) as node:
        phone = device_of(node, "ada", "phone")
        assert not await is_resumed(phone, token)
        assert await phone.acknowledge(token) == 0


async def test_acknowledgements_only_grow(publisher: ApiClient, phone: ApiClient) -> None:
    older = await token_of(phone)
    for _ in range(2):
        await publisher.send()
    newer = await token_of(phone)
    assert await phone.acknowledge(newer) == 2
    assert await phone.acknowledge(older) == 2
    assert await phone.acknowledge(newer) == 2
