"""Of what the release before changed on a store of this one, nobody knows who it was, nor claims to."""

from pathlib import Path

from tests.support import tokens
from tests.support.api_client import ACTIVATED, READ, ApiClient
from tests.support.methods import methods
from tests.support.nodes import Client
from tests.support.processes import TESTERS, ServerProcess, serving
from tests.upgrade.releases import BEFORE, THIS, environment
from unisono.client import bearer, create_channel
from unisono.v1 import admin_service_pb2 as pb

(EXPLAIN,) = (method for method in methods() if method.name == "ExplainNotifications")
ADMINS = '"admin_claim": {"role": "operator"}, "audience"'
OPERATED = {"UNISONO_ISSUERS": TESTERS["UNISONO_ISSUERS"].replace('"audience"', ADMINS)}


async def act(server: ServerProcess, sent: list[str], *, first: bool) -> None:
    """Send four, of which a phone reads all but one; or have it handle the second and withdraw the third."""
    async with create_channel(server.address) as channel:
        phone = ApiClient(Client(channel, tokens.device()), endpoint_id="phone")
        backend = ApiClient(Client(channel, tokens.publisher()), user_id="ada")
        if first:
            await phone.register()
            sent += [(await backend.send()).id for _ in range(4)]
            await phone.mark(*sent[1:], read_state=READ)
        else:
            await phone.mark(sent[1], user_action_state=ACTIVATED)
            await phone.delete(sent[2])
            sent.append((await backend.send()).id)


async def changed_by(server: ServerProcess) -> dict[str, pb.Changer | None]:
    async with create_channel(server.address) as channel:
        body = EXPLAIN.body(app_id="mail.test", user_id="ada")
        answer = await EXPLAIN.call(channel, body, bearer(tokens.admin()))
    found = pb.ExplainNotificationsResponse.FromString(answer).notifications
    return {one.id: one.changed_by if one.HasField("changed_by") else None for one in found}


async def test_each_serves_in_turn(tmp_path: Path) -> None:
    store, sent = tmp_path / "unisono.db", list[str]()
    with serving(store, env={**TESTERS, **environment(THIS)}) as server:
        await act(server, sent, first=True)
    with serving(store, env={**TESTERS, **environment(BEFORE)}) as server:
        await act(server, sent, first=False)
    with serving(store, env={**TESTERS, **environment(THIS), **OPERATED}) as server:
        found = await changed_by(server)
    assert [found[id_] for id_ in sent] == [
        pb.Changer(client_id="mail-client"),
        None,
        None,
        pb.Changer(endpoint_id="phone"),
        None,
    ]
