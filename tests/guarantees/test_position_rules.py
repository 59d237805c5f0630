"""Complete, Convergent, Resumable, Exact: the rules of positions, on random histories.

The model is checked, too: it must catch each wrong rule that replaces a right one.
"""

from random import Random

import pytest

from tests.guarantees.position_model import Ran, Rules, history, worth_a_ring
from tests.guarantees.thorough import thorough
from tests.support.random_rows import RandomRows
from unisono.server.core.position import CatchUpEvent, Position, catch_up_event, change_type
from unisono.server.model import ChangeType
from unisono.server.store.reads import EncodedRow

#: Histories are replayed by their seed, here in parts that can run beside each other; one of them each time.
PARTS = range(10)
ALWAYS = PARTS[:1]
HISTORIES = 200
ENOUGH_TO_CATCH = 400


@pytest.mark.parametrize("part", thorough(PARTS, always=ALWAYS, name=str))
async def test_no_history_breaks_a_promise(part: int) -> None:
    seeds = range(part * HISTORIES, (part + 1) * HISTORIES)
    ran = [await replayable(seed, Rules()) for seed in seeds]

    # The histories were about something.
    assert sum(r.complete_points for r in ran) > 10 * HISTORIES
    assert sum(r.rings for r in ran) > 2 * HISTORIES
    assert sum(r.resyncs for r in ran) > HISTORIES / 10


async def replayable(seed: int, rules: Rules) -> Ran:
    try:
        return await history(seed, rules)
    except AssertionError as broken:
        raise AssertionError(f"the history of seed {seed}: {broken}") from broken


@pytest.mark.parametrize("seed", range(4))
def test_a_row_rings_until_it_is_not_worth_it(seed: int) -> None:
    rows = RandomRows(Random(seed))  # noqa: S311
    rang = 0
    for _ in range(1000):
        row = rows.row()
        ends = (row.expire_time, row.alert_time + (row.display_time_to_live or 0), row.alert_time)
        for now in (0, *ends, *(max(end - 1, 0) for end in ends)):
            assert (now < row.rings_until) == worth_a_ring(row, now)
            rang += now < row.rings_until
    assert rang > 200


def base_never_advances(position: Position, last: int) -> Position:
    return Position(last, last, position.base)


def known_never_advances(position: Position, last: int) -> Position:
    return Position(last, position.known, last)


def known_advances_with_each_page(position: Position, revision: int) -> Position:
    return Position(revision, revision, position.base)


def base_advances_with_each_page(position: Position, revision: int) -> Position:
    return Position(revision, position.known, revision)


def what_is_there_already_is_news(last: int) -> Position:
    return Position(0, 0, 0)


def covered_by_the_cursor_alone(position: Position, floor: int) -> bool:
    return position.cursor >= floor


def covered_by_what_is_known_alone(position: Position, floor: int) -> bool:
    return position.known >= floor


def no_removals(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
    return catch_up_event(row, position, now) if row.removal is None else None


def no_removal_of_what_is_not_known(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
    """Omit removals of rows newer than `known`, which a device may hold in the middle of a catch-up."""
    return (
        catch_up_event(row, position, now)
        if row.removal is None or row.create_revision <= position.known
        else None
    )


def rings_for_the_last_change_alone(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
    seen = catch_up_event(row, position, now)
    return seen and seen._replace(alert=seen.alert and row.alert_revision == row.revision)


def rings_whatever_the_base(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
    seen = catch_up_event(row, position, now)
    return seen and seen._replace(alert=now < row.rings_until)


def rings_after_the_cursor(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
    """Ring by the cursor, which is wrong: the alert of a row that moved may be behind it."""
    seen = catch_up_event(row, position, now)
    return seen and seen._replace(alert=seen.alert and row.alert_revision > position.cursor)


def rings_for_what_was_handled(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
    seen = catch_up_event(row, position, now)
    return seen and seen._replace(alert=row.removal is None and row.alert_revision > position.base)


def news_after_the_cursor(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
    """Compute change types by the cursor instead of `known`."""
    seen = catch_up_event(row, position, now)
    return seen and seen._replace(type=change_type(row, position.cursor)) if row.removal is None else seen


def never_new_content(row: EncodedRow, position: Position, now: int) -> CatchUpEvent | None:
    seen = catch_up_event(row, position, now)
    if seen is None or seen.type is not ChangeType.UPDATED:
        return seen
    return seen._replace(type=ChangeType.STATE_CHANGED)


MUTANTS = {
    "base never advances": (Rules(complete_at=base_never_advances), "a ring for what was settled"),
    "known never advances": (Rules(complete_at=known_never_advances), "CREATED for what it had"),
    "known advances with each page": (Rules(passed=known_advances_with_each_page), "content is missing"),
    "base advances with each page": (Rules(passed=base_advances_with_each_page), "a lost ring"),
    "what is there is news": (Rules(beginning=what_is_there_already_is_news), "a ring for what was settled"),
    "covered by the cursor alone": (Rules(covered=covered_by_the_cursor_alone), "never complete"),
    "covered by what is known": (Rules(covered=covered_by_what_is_known_alone), "never complete"),
    "the floor is ignored": (Rules(covered=lambda *_: True, resumable=lambda *_: True), "a ghost"),
    "a resume ignores the floor": (Rules(resumable=lambda *_: True), "never complete"),
    "no removals": (Rules(catch_up_event=no_removals), "a ghost"),
    "no removal of what is not known": (Rules(catch_up_event=no_removal_of_what_is_not_known), "a ghost"),
    "rings for the last change alone": (Rules(catch_up_event=rings_for_the_last_change_alone), "a lost ring"),
    "rings whatever the base": (Rules(catch_up_event=rings_whatever_the_base), "a ring for what was settled"),
    "rings after the cursor": (Rules(catch_up_event=rings_after_the_cursor), "a lost ring"),
    "rings for what was handled": (
        Rules(catch_up_event=rings_for_what_was_handled),
        "a ring for what was handled",
    ),
    "news after the cursor": (Rules(catch_up_event=news_after_the_cursor), "content is missing"),
    "never new content": (Rules(catch_up_event=never_new_content), "not the content of the store"),
}


@pytest.mark.parametrize("name", MUTANTS)
async def test_the_model_catches_a_rule_that_is_wrong(name: str) -> None:
    rules, promise = MUTANTS[name]
    for seed in range(ENOUGH_TO_CATCH):
        if promise in await broken_promise(seed, rules):
            return
    pytest.fail(f"no history of {ENOUGH_TO_CATCH} shows {promise!r}")


async def broken_promise(seed: int, rules: Rules) -> str:
    try:
        await history(seed, rules)
    except AssertionError as broken:
        return str(broken)
    return ""
