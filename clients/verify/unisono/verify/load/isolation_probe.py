"""Users who try what is another's: to read it, and to withdraw it. They are to find nothing."""

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
    """Each user tries what was last sent to the others, and names the endpoint, which all of them have."""
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
            continue  # as it should be; the judge looks with which words


def _last_sent(history: History) -> dict[str, str]:
    """The id of what was last sent to each user, alone."""
    return dict(sent for call in history.calls if (sent := _sent(call)))


def _sent(call: Call) -> tuple[str, str] | None:
    request, answer = call.request, call.answer
    if isinstance(request, service_pb.SendNotificationRequest) and isinstance(
        answer, service_pb.SendNotificationResponse
    ):
        return request.user_id, answer.result.id
    return None
