"""Plays a row of the matrix: every caller reaches for a user's things, and for those of one who never was."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import grpc

from tests.api.isolation_matrix.callers import CALLERS, Caller
from tests.api.isolation_matrix.outcomes import Outcome, outcome_of
from tests.api.isolation_matrix.reaches import REACHES
from tests.api.isolation_matrix.trust import PREFIX
from tests.api.isolation_matrix.worlds import SECRET, Owner, Things, of_nobody, register
from tests.support.methods import Method
from tests.support.nodes import Running
from unisono.client import bearer


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a row comes to, by caller.

    `outcomes` are the reasons, `told_apart` the callers who got something else than where there was no such
    user, `told` those who were sent something of the user's, and `changed` says whether something of the
    user's was otherwise after all of them.
    """

    outcomes: Mapping[str, str]
    told_apart: list[str]
    told: list[str]
    changed: bool


async def play(
    serving: Running,
    method: Method,
    way: str,
    number: int,
    callers: Mapping[str, Caller] = CALLERS,
    channel_of: Callable[[Caller], grpc.aio.Channel] | None = None,
) -> Row:
    """Play a row on a server. `number` is another one for each row: it makes users whom nobody had before.

    `channel_of` returns how a caller comes, where not all come by the same connection.
    """
    owner = Owner(serving, f"{PREFIX}user-{number:04}")
    theirs, never = await owner.things(), of_nobody(f"{PREFIX}none-{number:04}")
    strangers = {name: caller for name, caller in callers.items() if not caller.owner}
    owners = {name: caller for name, caller in callers.items() if caller.owner}

    async def reach(caller: Caller, things: Things) -> Outcome:
        if caller.accepted and caller.endpoint_id and not caller.owner:
            await register(serving, caller.token(things.user_id) or "")
        channel = serving.channel if channel_of is None else channel_of(caller)
        return await _reach(channel, method, way, caller, things)

    before = await owner.holds()
    found = {name: await reach(by, theirs) for name, by in strangers.items()}
    changed = await owner.holds() != before
    hidden = {name: await reach(by, never) for name, by in strangers.items()}
    own = {name: await reach(by, theirs) for name, by in owners.items()}
    asking = {name for name, caller in strangers.items() if caller.admin and method.for_admins}
    apart = [name for name in found if found[name].comparable(method) != hidden[name].comparable(method)]
    return Row(
        outcomes={name: {**own, **found}[name].reason for name in callers},
        told_apart=[name for name in apart if name not in asking],
        told=[
            name
            for name, outcome in found.items()
            if _tells(outcome, SECRET, theirs.key) or (name not in asking and _tells(outcome, theirs.id))
        ],
        changed=changed,
    )


async def _reach(
    channel: grpc.aio.Channel, method: Method, way: str, caller: Caller, things: Things
) -> Outcome:
    token = caller.token(things.user_id)
    body = REACHES[way].body(method, caller, things)
    metadata = () if token is None else bearer(token)
    return await outcome_of(channel, method, body, metadata)


def _tells(outcome: Outcome, *secrets: str) -> bool:
    parts = [*outcome.answers, *(value for _, value in outcome.trailers)]
    texts = [part if isinstance(part, bytes) else part.encode() for part in parts]
    return any(secret.encode() in text for text in texts for secret in secrets)
