"""Probes the isolation of users: each tries to read and to delete notifications of the others."""

from collections.abc import Iterable

from unisono.client import UnisonoError
from unisono.v1 import notification_pb2 as pb
from unisono.v1 import notification_service_pb2 as service_pb
from unisono.verify.history import Call, History, Principal
from unisono.verify.load.access import Access, Connect
from unisono.verify.load.methods import DELETE, GET
from unisono.verify.load.rpc_client import RpcClient
from unisono.verify.recording import Recorder


async def run(
    connect: Connect, access: Access, recorder: Recorder, users: Iterable[str], endpoint_id: str
) -> None:
    """Let each user get and delete, by id, what was last sent alone to each other user in the history.

    `endpoint_id` names the device to delete with; each user needs an endpoint of that id. The calls are
    recorded for the judge, and errors of the service are passed over. Raises what a source of tokens raises.
    """
    last = _last_sent(recorder.history)
    transport = connect()
    try:
        for user_id in users:
            principal = Principal(app_id=access.app_id, user_id=user_id)
            client = RpcClient(recorder.client(transport, principal), access.user(user_id))
            for id_ in [id_ for owner, id_ in last.items() if owner != user_id]:
                await _try(client, id_, endpoint_id)
    finally:
        await transport.close()


async def _try(client: RpcClient, id_: str, endpoint_id: str) -> None:
    named = pb.NotificationRef(id=id_)
    delete = service_pb.DeleteNotificationRequest(notification=named, endpoint_id=endpoint_id)
    for work in (
        client.call(GET, service_pb.GetNotificationRequest(notification=named)),
        client.call(DELETE, delete),
    ):
        try:
            await work
        except UnisonoError:
            continue  # as it should be; the judge checks the status code


def _last_sent(history: History) -> dict[str, str]:
    """Return the id of the last notification sent to each user in a call of its own."""
    return dict(sent for call in history.calls if (sent := _sent(call)))


def _sent(call: Call) -> tuple[str, str] | None:
    request, answer = call.request, call.answer
    if isinstance(request, service_pb.SendNotificationRequest) and isinstance(
        answer, service_pb.SendNotificationResponse
    ):
        return request.user_id, answer.result.id
    return None
