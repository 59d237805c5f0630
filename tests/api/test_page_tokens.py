"""Page tokens are the same from server to server, so that a list goes on while one is upgraded."""

from dataclasses import fields
from typing import Any

import pytest

from unisono.server.api.convert.paging import PageRequest
from unisono.server.core.decide.commands import Actor
from unisono.server.model import FeedKey, ReadState, SenderRole, UserActionState
from unisono.server.store.reads import ListFilter

ADA = FeedKey("mail.test", "ada")
BACKEND = Actor(feed=ADA, role=SenderRole.PUBLISHER, endpoint_id="")
LAPTOP = Actor(feed=ADA, role=SenderRole.USER, endpoint_id="laptop")
NARROW = ListFilter(
    read_state=ReadState.UNREAD,
    user_action_state=UserActionState.SNOOZED,
    group_name="it's",
    start_time=1,
    end_time=2,
)


def token(actor: Actor, where: ListFilter) -> str:
    return PageRequest(actor=actor, where=where, before=None, limit=1).token(7)


@pytest.mark.parametrize(
    ("actor", "where", "recorded"),
    [(BACKEND, ListFilter(), "tQGovzTc6lkAAAAAAAAABw=="), (LAPTOP, NARROW, "sKd_jvAXpecAAAAAAAAABw==")],
    ids=["all of a user", "narrowed, of a device"],
)
def test_a_token_is_as_the_first_server_made_it(actor: Actor, where: ListFilter, recorded: str) -> None:
    assert token(actor, where) == recorded


@pytest.mark.parametrize("name", [field.name for field in fields(ListFilter)])
def test_each_filter_counts(name: str) -> None:
    narrowed: list[Any] = [{name: value} for value in ("", "a")]
    filters = [ListFilter(), *(ListFilter(**conditions) for conditions in narrowed)]
    assert len({token(BACKEND, where) for where in filters}) == 3
