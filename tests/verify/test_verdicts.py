"""A promise is kept only by a history that could have shown it broken, and it says by what."""

import asyncio
import copy

import pytest

from tests.guarantees.judge import valid
from tests.guarantees.judge.corrupted import a_badge_is_wrong
from unisono.verify.checker import PROMISES
from unisono.verify.history import History
from unisono.verify.verdicts import Outcome, Verdict, verdicts


@pytest.fixture(scope="module")
def history() -> History:
    return asyncio.run(valid.history())


def outcomes(found: list[Verdict]) -> dict[str, Outcome]:
    return {verdict.promise: verdict.outcome for verdict in found}


def test_there_is_one_of_every_promise() -> None:
    assert tuple(verdict.promise for verdict in verdicts(History())) == PROMISES


def test_nothing_shows_nothing() -> None:
    assert set(outcomes(verdicts(History())).values()) == {Outcome.NOT_JUDGED}


def test_it_says_on_what_each_was_judged(history: History) -> None:
    checks = {verdict.promise: verdict.checks for verdict in verdicts(history)}
    points = sum(received.message.complete for stream in history.streams for received in stream.messages)
    resumes = sum(
        received.message.welcome.resumed for stream in history.streams for received in stream.messages
    )
    assert checks["Exact"] == {"complete points": points}
    assert checks["Complete"] == {"complete points": points, "polls": 10}
    assert checks["Resumable"] == {"resumes": resumes}
    assert checks["Drained"] == {"streams at a SIGTERM": 4}
    assert checks["Durable"]["lists after a change"] == 3
    assert checks["Durable"]["users deleted"] == 2
    assert checks["Bounded"] == {"measured costs": 1}
    assert checks["Fair"] == {"waits measured beside others": 1}


def test_what_is_broken_is_not_kept_and_the_others_are(history: History) -> None:
    corrupted = copy.deepcopy(history)
    a_badge_is_wrong(corrupted)
    kept, broken = outcomes(verdicts(history)), outcomes(verdicts(corrupted))
    assert kept["Exact"] is Outcome.KEPT
    assert broken == {**kept, "Exact": Outcome.BROKEN}


@pytest.mark.parametrize(
    ("promise", "what"), [("Drained", "SIGTERM"), ("Bounded", "memory"), ("Fair", "p50")]
)
def test_what_nobody_outside_can_see_is_not_judged(history: History, promise: str, what: str) -> None:
    outside = copy.deepcopy(history)
    outside.annotations = [annotation for annotation in outside.annotations if annotation.name != what]
    assert outcomes(verdicts(history))[promise] is Outcome.KEPT
    assert outcomes(verdicts(outside))[promise] is Outcome.NOT_JUDGED
