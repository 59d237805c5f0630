"""The vectors for every SDK: the files are as they are written, and the Python SDK does what they expect."""

from collections import Counter

import pytest

from tests.guarantees.thorough import thorough
from tests.guarantees.vectors.files import FILES, PER_FILE, path_of, vectors, written
from tests.guarantees.vectors.replay import replay


@pytest.mark.parametrize("number", thorough(range(FILES), always=(0,), name=str))
async def test_a_file_is_as_it_is_written(number: int) -> None:
    assert path_of(number).read_text() == await written(number), "run make vectors"


async def test_the_sdk_does_what_they_expect() -> None:
    wrong = {name: problem for name, steps in vectors() if (problem := await replay(steps))}
    assert wrong == {}


def test_there_are_enough_of_each_kind() -> None:
    steps = [step for _, steps in vectors() for step in steps]
    kinds = Counter(kind for step in steps for kind in (*step, *step.get("expect", ())))
    resumed = sum("resumed" in step["message"].get("welcome", ()) for step in steps if "message" in step)

    assert len(list(vectors())) == FILES * PER_FILE == 2_000
    for kind in ("restart", "freeze", "look", "payloads", "ring", "one_rings", "wall", "mark", "marked"):
        assert kinds[kind] > 250, kind
    assert kinds["send"] > 100
    assert kinds["refused"] > 50
    assert 1_000 < resumed < kinds["connect"] - 1_000
