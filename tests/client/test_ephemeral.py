"""Ephemeral devices: gone five minutes after their last stream, in nobody's way, and welcome back."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from tests.client.conftest import Join, Serve
from tests.client.streams import caught_up, ids_of, raised, stream
from tests.client.test_endpoints import DAY, delete, get, register
from tests.client.test_returning import acknowledge, sign_out
from tests.support.processes import TIMEOUT
from tests.support.services import Service
from unisono.client import EndpointDeleted, NotFound, Platform, Publisher, QuotaExceeded
from unisono.client._wire.methods import UPDATE_ENDPOINT
from unisono.v1 import endpoint_service_pb2 as pb

GRACE = timedelta(minutes=5)
MOMENT = timedelta(seconds=1)


async def visit(service: Service, endpoint_id: str = "laptop", **fields: Any) -> bytes:
    """Have a stream as an ephemeral device until it has everything, and leave; its last position."""
    fields = {"ephemeral": True, **fields}
    position = (await caught_up(service, endpoint_id=endpoint_id, **fields))[-1].resume_token
    await left(service, endpoint_id)
    return position


async def left(service: Service, endpoint_id: str = "laptop") -> None:
    """Wait until the service knows that it has no stream."""
    async with asyncio.timeout(TIMEOUT):
        while (await get(service, endpoint_id)).connected:
            await service.advance(MOMENT)


async def grace(service: Service, endpoint_id: str = "laptop") -> None:
    """Let the grace of one without a stream pass, to its last moment."""
    seen = (await get(service, endpoint_id)).last_seen_time.ToDatetime(service.now.tzinfo)
    await service.advance(seen + GRACE - service.now)


async def known(service: Service, endpoint_id: str = "laptop") -> bool:
    try:
        await get(service, endpoint_id)
    except NotFound:
        return False
    return True


async def ready(service: Service) -> None:
    """Let the service have run for long enough: after a start, everybody has the grace."""
    await service.advance(GRACE + MOMENT)


async def test_it_is_forgotten_five_minutes_after_its_stream(service: Service, publisher: Publisher) -> None:
    await ready(service)
    async with stream(service, ephemeral=True) as opened:
        await opened.next("welcome")
        (listed,) = await publisher.list_endpoints("ada")
        assert (listed.connected, listed.ephemeral) == (True, True)
        await service.advance(2 * GRACE)
        assert await known(service)
    await left(service)

    await grace(service)
    assert await known(service)
    await service.advance(MOMENT)

    assert not await known(service)
    assert await publisher.list_endpoints("ada") == ()


async def test_after_a_reload_it_is_the_same(service: Service, publisher: Publisher) -> None:
    await ready(service)
    await publisher.send("ada", title="Before")
    position = await visit(service, display_name="Private window")
    created = (await get(service)).create_time
    await grace(service)
    await publisher.send("ada", title="Meanwhile")

    async with stream(service, ephemeral=True, resume_token=position) as back:
        assert (await back.next("welcome")).welcome.resumed
        await service.advance(2 * GRACE)
        same = await get(service)

    assert (same.display_name, same.create_time, same.ephemeral) == ("Private window", created, True)


async def test_one_that_is_back_later_resumes_all_the_same(service: Service, publisher: Publisher) -> None:
    """A laptop was shut for the night, and its private window is still there."""
    await ready(service)
    await publisher.send("ada", title="Before")
    position = await visit(service)
    assert await acknowledge(service, position) == 1
    await service.advance(GRACE + MOMENT)
    assert not await known(service)
    sent = await publisher.send("ada", title="Meanwhile")

    with pytest.raises(NotFound):
        await acknowledge(service, position)
    messages = await caught_up(service, ephemeral=True, resume_token=position)

    assert messages[0].welcome.resumed
    assert ids_of(*messages) == [sent.id]
    assert (await get(service)).acknowledged_revision == 0
    assert await acknowledge(service, messages[-1].resume_token) == 2


async def test_the_device_of_the_sdk_is_one_and_does_not_notice(
    service: Service, publisher: Publisher, join: Join
) -> None:
    await ready(service)
    window = await join("window", Platform.WEB, ephemeral=True)
    (listed,) = await publisher.list_endpoints("ada")
    assert listed.ephemeral
    await window.close()
    await left(service, "window")
    await service.advance(GRACE + MOMENT)
    assert await publisher.list_endpoints("ada") == ()

    await publisher.send("ada", title="Hello")
    again = await join("window", Platform.WEB, ephemeral=True)

    assert [row.title for row in again.notifications] == ["Hello"]


async def test_where_nothing_is_left_with_it_the_feed_begins_anew(
    service: Service, publisher: Publisher
) -> None:
    await ready(service)
    position = await visit(service)
    await service.advance(GRACE + MOMENT)
    await publisher.send("ada", title="The first")

    messages = await caught_up(service, ephemeral=True, resume_token=position)

    assert not messages[0].welcome.resumed
    assert len(ids_of(*messages)) == 1


async def test_one_that_comes_back_as_another_stays(service: Service) -> None:
    await ready(service)
    position = await visit(service)

    await caught_up(service, resume_token=position)
    await left(service)
    assert not (await get(service)).ephemeral
    await service.advance(DAY)
    assert await known(service)

    await visit(service)
    await grace(service)
    assert not (await register(service)).ephemeral
    await service.advance(DAY)
    assert await known(service)


async def test_an_ordinary_one_may_become_ephemeral(service: Service) -> None:
    await ready(service)
    await register(service)

    await visit(service)
    await service.advance(GRACE + MOMENT)

    assert not await known(service)


async def test_another_name_leaves_it_ephemeral(service: Service) -> None:
    await ready(service)
    await visit(service)
    request = pb.UpdateEndpointRequest(
        endpoint_id="laptop", display_name="New", update_mask=FieldMask(paths=["display_name"])
    )
    token = service.user_token()

    answer = await service.transport.unary(UPDATE_ENDPOINT, request, token=token, timeout=20)
    assert answer.endpoint.ephemeral
    await service.advance(GRACE + MOMENT)

    assert not await known(service)


async def test_it_takes_the_place_of_none(serve: Serve) -> None:
    service = await serve(endpoints_per_user=2)
    await register(service, "old")
    await service.advance(DAY)
    await visit(service, "window")

    error = await raised(service, endpoint_id="another", ephemeral=True)

    assert isinstance(error, QuotaExceeded)
    assert (error.reason, error.metadata["limit"]) == ("ENDPOINTS_EXCEEDED", "2")
    assert "an ephemeral one takes the place of none" in str(error)
    assert await known(service, "old")
    # Those that are there come back.
    await visit(service, "window")
    await visit(service, "old")


async def test_its_own_place_goes_before_that_of_another(serve: Serve) -> None:
    service = await serve(endpoints_per_user=3)
    await register(service, "old")
    await service.advance(DAY)
    await visit(service, "window")
    await service.advance(MOMENT)
    async with stream(service, endpoint_id="open", ephemeral=True) as opened:
        await opened.next("welcome")

        await register(service, "new")
        assert [await known(service, name) for name in ("old", "window", "open", "new")] == [
            True,
            False,
            True,
            True,
        ]
        await register(service, "newer")
        assert not await known(service, "old")


async def test_places_are_free_again_after_the_grace(serve: Serve) -> None:
    service = await serve(endpoints_per_user=2)
    await ready(service)
    for name in ("first", "second"):
        await visit(service, name)
    await service.advance(GRACE + MOMENT)

    await visit(service, "third")

    assert [await known(service, name) for name in ("first", "second", "third")] == [False, False, True]


async def test_one_that_was_deleted_stays_deleted(service: Service) -> None:
    await ready(service)
    position = await visit(service)
    await delete(service)
    await service.advance(GRACE + MOMENT)

    assert isinstance(await raised(service, ephemeral=True), EndpointDeleted)
    assert isinstance(await raised(service, ephemeral=True, resume_token=position), EndpointDeleted)


async def test_one_that_signed_out_is_back_at_once_and_goes_again(service: Service) -> None:
    await ready(service)
    await visit(service)
    await sign_out(service)
    await visit(service)
    assert (await get(service)).ephemeral

    await service.advance(GRACE + MOMENT)

    assert not await known(service)
