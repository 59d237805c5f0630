"""What one endpoint has saved goes over to another: its marks under the new name, without its position."""

import pytest

from tests.sdk.device_script import LIVE, RecordedEvents, created, laptop, scripted_streams, sent, until
from tests.support.stub_server import StubServer
from unisono.client import MemoryStorage, Status, carry_over
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb

NOWHERE = "127.0.0.1:1"


async def test_the_new_one_starts_anew_and_holds_what_the_old_one_held(script: StubServer) -> None:
    """And rings for nothing that has rung."""

    async def mark(_: object) -> service_pb.MarkNotificationsResponse:
        return service_pb.MarkNotificationsResponse()

    storage = MemoryStorage()
    script.answer("MarkNotifications", mark)
    anew = [LIVE[0], *(created(revision) for revision in (1, 2, 3))]
    for message in anew[:3]:
        message.complete = False
    script.stream("Subscribe", scripted_streams([*LIVE, created(1), created(2)], anew))
    async with laptop(script.target, storage=storage) as device:
        await until(device, lambda device: device.revision == 2)
    async with laptop(NOWHERE, storage=storage) as device:
        assert await device.mark_read("id-1") is None

    await carry_over(storage, "another")

    device = laptop(script.target, storage=storage, endpoint_id="another")
    recorded = RecordedEvents(device)
    async with device:
        assert {row.id for row in device.notifications} == {"id-1", "id-2"}
        assert (device.status, device.revision, device.pending_marks) == (Status.OFFLINE, 2, 1)
        await until(device, lambda device: device.revision == 3)
        await sent(device)
    await recorded.end()
    assert recorded.rings == ["title 3"]
    first, second = script.requests("Subscribe")
    assert (first.endpoint_id, second.endpoint_id) == ("laptop", "another")
    assert (second.resume_token, second.start_position) == (b"", pb.START_POSITION_BEGINNING)
    assert [request.endpoint_id for request in script.requests("MarkNotifications")] == ["another"]


async def test_a_wrong_id_is_refused() -> None:
    with pytest.raises(TypeError, match="endpoint_id"):
        await carry_over(MemoryStorage(), 7)  # type: ignore[arg-type]
