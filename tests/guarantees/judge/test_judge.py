"""The judge finds nothing in a valid history, and each promise that is broken in a corrupted one."""

import asyncio
import pickle

import pytest

from tests.guarantees.judge import valid
from tests.guarantees.judge.corrupted import CORRUPTIONS
from tests.guarantees.judge.corrupted_deletions import Corruption
from unisono.verify.checker import PROMISES, check
from unisono.verify.history import History


@pytest.fixture(scope="module")
def history() -> History:
    return asyncio.run(valid.history())


@pytest.fixture(scope="module")
def pickled(history: History) -> bytes:
    return pickle.dumps(history)


def test_a_valid_history_breaks_nothing(history: History) -> None:
    assert len(history.calls) > 200
    assert len(history.streams) > 10
    assert sum(len(stream.messages) for stream in history.streams) > 150
    assert {name: str(broken) for name, broken in check(history).items()} == {}


def test_each_promise_is_broken_somewhere() -> None:
    assert set(CORRUPTIONS.values()) == set(PROMISES)


@pytest.mark.parametrize("corruption", list(CORRUPTIONS), ids=lambda corruption: corruption.__name__)
def test_what_is_broken_is_named_with_its_evidence(pickled: bytes, corruption: Corruption) -> None:
    # A copy.deepcopy takes three times as long.
    corrupted: History = pickle.loads(pickled)  # noqa: S301  it was made here
    corruption(corrupted)

    broken = check(corrupted)

    assert CORRUPTIONS[corruption] in broken
    assert all(str(one).startswith(f"{name} is broken at ") for name, one in broken.items())
    assert all(1 <= len(one.evidence) <= 3 for one in broken.values())
