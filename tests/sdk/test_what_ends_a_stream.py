"""After every end that a stream can have, a device does what docs/devices.md says, and one of four things."""

import itertools
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.rpc import error_details_pb2

from tests.sdk.test_errors import REASONS
from unisono.client import UnisonoError
from unisono.client._device.reconnect import Reconnect, plan_reconnect
from unisono.client._status import error_of
from unisono.v1 import feed_service_pb2 as pb
from unisono.v1.error_reason_pb2 import ErrorReason

Code = grpc.StatusCode
CODES: Final = [code for code in Code if code is not Code.OK]
DOCUMENT: Final = Path(__file__).parents[2] / "docs/devices.md"
#: Reasons that only later servers have.
LATER: Final = "SOMETHING_NEW"
LATER_GOODBYE: Final = 99


class Action(Enum):
    """What a device does after a stream."""

    COME_BACK = "come back"
    NEW_TOKEN = "new token"
    START_OVER = "start over"
    STOP = "stop"


def an_error(code: grpc.StatusCode, reason: str = "", domain: str = "unisono") -> UnisonoError:
    detail = Any()
    detail.Pack(error_details_pb2.ErrorInfo(reason=reason, domain=domain))
    return error_of(code, "what was said", [detail] if reason else [])


def a_goodbye(reason: int, delay: int | None = None) -> pb.Goodbye:
    goodbye = pb.Goodbye(reason=reason)  # type: ignore[arg-type]  # also one that nobody knows
    if delay is not None:
        goodbye.retry_delay.seconds = delay
    return goodbye


def planned(
    goodbye: pb.Goodbye | None, error: UnisonoError | None, *, renewable: bool
) -> tuple[Action, Reconnect | None]:
    try:
        plan = plan_reconnect(goodbye, error, renewable=renewable)
    except UnisonoError:
        return Action.STOP, None
    assert not (plan.new_token and plan.reset_position)
    if plan.reset_position:
        return Action.START_OVER, plan
    return Action.NEW_TOKEN if plan.new_token else Action.COME_BACK, plan


# The document


class Row:
    """A row of the table: what ended the stream, what to do, and when."""

    def __init__(self, ended: str, action: str, when: str) -> None:
        self.ended = ended
        self.actions = re.findall(r"\*\*([a-z ]+)\*\*", action)
        self.only_fixed = "if you can get none" in action
        self.when = when.split(";")[0].strip()

    def names(self, kind: str) -> list[str]:
        """The reasons of a Goodbye, or of an error, that the row is about."""
        parts = [part for part in self.ended.split(";") if part.strip().startswith(kind)]
        return [name for part in parts for name in re.findall(r"`(\w+)`", part)]

    def action(self, *, renewable: bool) -> Action:
        return Action(self.actions[-1] if self.only_fixed and not renewable else self.actions[0])


def rows() -> list[Row]:
    text = DOCUMENT.read_text().split("## When a stream ends")[1]
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines[1:]]


ROWS: Final = rows()
GOODBYES: Final = {name: row for row in ROWS for name in row.names("Goodbye")}
ERRORS: Final = {name: row for row in ROWS for name in row.names("error")}


def test_every_reason_is_in_the_document_once() -> None:
    goodbyes = [name for row in ROWS for name in row.names("Goodbye")]
    known = [name.removeprefix("GOODBYE_REASON_") for name in pb.GoodbyeReason.keys()]  # noqa: SIM118
    assert sorted(goodbyes) == sorted({*known} - {"UNSPECIFIED"})
    errors = [name for row in ROWS for name in row.names("error")]
    assert sorted(errors) == sorted(REASONS)
    assert len([row for row in ROWS if "any other" in row.ended]) == 3


def matches(row: Row, plan: Reconnect | None, *, delay: float | None = None) -> bool:
    """Whether a device comes back when the row says."""
    if plan is None:
        return row.when == "never" or row.only_fixed
    if row.when.startswith("after"):
        return plan.delay == delay
    return plan.delay is None and plan.refused is (row.when in ("rarely", "at once, then rarely"))


@pytest.mark.parametrize("renewable", [True, False], ids=["a provider", "a fixed token"])
@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_as_in_the_document(name: str, renewable: bool) -> None:
    action, plan = planned(None, an_error(REASONS[name][0], name), renewable=renewable)

    if "after" in ERRORS[name].when:  # there is no Goodbye
        assert (action, plan and plan.refused) == (Action.COME_BACK, False)
        return
    assert action is ERRORS[name].action(renewable=renewable)
    assert matches(ERRORS[name], plan)


@pytest.mark.parametrize("renewable", [True, False], ids=["a provider", "a fixed token"])
@pytest.mark.parametrize("name", GOODBYES)
def test_goodbyes_are_as_in_the_document(name: str, renewable: bool) -> None:
    delay = 7 if GOODBYES[name].when.startswith("after") else None
    goodbye = a_goodbye(pb.GoodbyeReason.Value(f"GOODBYE_REASON_{name}"), delay)

    action, plan = planned(goodbye, None, renewable=renewable)

    assert action is GOODBYES[name].action(renewable=renewable)
    assert matches(GOODBYES[name], plan, delay=delay)


def test_the_rest_is_as_in_the_document() -> None:
    *_, goodbye, _, _, unknown, bare, rest = (row for row in ROWS)
    assert goodbye.ended == "Goodbye of any other reason"
    assert unknown.ended == "error of any other reason"
    assert bare.ended == "`UNAUTHENTICATED` without a reason"
    assert rest.ended.startswith("any other code")
    soon = {*re.findall(r"`([A-Z_]+)`", DOCUMENT.read_text().split("error of any other reason")[1])[:5]}
    for code in CODES:
        _, plan = planned(None, an_error(code, LATER), renewable=False)
        passing = code.name in soon or code in (Code.CANCELLED, Code.RESOURCE_EXHAUSTED)
        assert plan is not None
        assert plan.refused is not passing, code
        action, plan = planned(None, an_error(code), renewable=True)
        row = bare if code is Code.UNAUTHENTICATED else rest
        assert action is row.action(renewable=True)
        assert plan is not None
        assert (plan.refused, plan.delay) == (False, None)
    assert planned(a_goodbye(LATER_GOODBYE, 7), None, renewable=False)[1].delay == 7  # type: ignore[union-attr]
    assert planned(a_goodbye(LATER_GOODBYE), None, renewable=False)[1].refused  # type: ignore[union-attr]


# The whole of what there can be

FINAL: Final = {"SUPERSEDED", "ENDPOINT_DELETED"}


def said(goodbye: pb.Goodbye | None, reason: str) -> str:
    """What counts of a Goodbye and the reason of the error after it."""
    if goodbye is None:
        return reason
    if goodbye.reason in pb.GoodbyeReason.values() and goodbye.reason:
        return pb.GoodbyeReason.Name(goodbye.reason).removeprefix("GOODBYE_REASON_")
    return "" if goodbye.HasField("retry_delay") else reason


def expected(code: grpc.StatusCode, what: str, *, renewable: bool) -> Action:
    if what in FINAL or what == "FEED_BARRED":
        return Action.STOP
    if what == "RESUME_TOKEN_INVALID":
        return Action.START_OVER
    if what == "TOKEN_EXPIRED":
        return Action.NEW_TOKEN if renewable else Action.STOP
    by_token = what.startswith("TOKEN_") or (code is Code.UNAUTHENTICATED and not by_class(what))
    return Action.NEW_TOKEN if by_token and renewable else Action.COME_BACK


def by_class(reason: str) -> bool:
    """Whether the reason says more than the code."""
    return reason in REASONS and type(an_error(Code.UNKNOWN, reason)) is not UnisonoError


def goodbyes() -> Iterator[pb.Goodbye | None]:
    yield None
    for reason, delay in itertools.product([*pb.GoodbyeReason.values(), LATER_GOODBYE], (None, 0, 7)):
        yield a_goodbye(reason, delay)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_every_code_with_every_reason_after_every_goodbye(code: grpc.StatusCode) -> None:
    """A device that has another token, or none, does one of four things, and ends for nothing else."""
    names = [name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()]  # noqa: SIM118  no mapping
    tried = 0
    for goodbye, reason, renewable in itertools.product(goodbyes(), ("", *names, LATER), (True, False)):
        action, plan = planned(goodbye, an_error(code, reason), renewable=renewable)
        what = said(goodbye, reason)
        # A Goodbye that is known, or has a delay, says what the code after it does not.
        counts = (
            code if goodbye is None or (what and goodbye.reason in (0, LATER_GOODBYE)) else Code.UNAVAILABLE
        )
        assert action is expected(counts, what, renewable=renewable), (goodbye, reason, renewable)
        assert plan is None or plan.delay is None or 0 <= plan.delay <= 7
        tried += 1
    assert tried > 2000


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_a_reason_of_another_domain_is_none(code: grpc.StatusCode) -> None:
    """Proxies and gateways have their own."""
    for reason in REASONS:
        theirs = planned(None, an_error(code, reason, domain="googleapis.com"), renewable=True)[0]
        assert theirs is planned(None, an_error(code), renewable=True)[0]
