"""A queue in which apps have turns, and their users within them."""

import random

import pytest

from unisono.server.fair_queue import FairQueue


def popped(queue: FairQueue[str]) -> list[str]:
    return [queue.pop() for _ in range(len(queue))]


def filled(*items: str) -> FairQueue[str]:
    """Items named by app, user and number: `ab1` is the first of user b of app a."""
    queue: FairQueue[str] = FairQueue()
    for item in items:
        queue.push((item[0], item[1]), item)
    return queue


def test_those_of_one_owner_leave_as_they_came() -> None:
    assert popped(filled("aa1", "aa2", "aa3")) == ["aa1", "aa2", "aa3"]


def test_apps_have_turns_however_many_items_they_have() -> None:
    queue = filled("aa1", "aa2", "aa3", "ba1", "ca1", "ca2")

    assert popped(queue) == ["aa1", "ba1", "ca1", "aa2", "ca2", "aa3"]


def test_apps_have_turns_however_many_users_they_have() -> None:
    queue = filled("aa1", "ab1", "ac1", "ba1", "ba2")

    assert popped(queue) == ["aa1", "ba1", "ab1", "ba2", "ac1"]


def test_users_of_an_app_have_turns() -> None:
    assert popped(filled("aa1", "aa2", "ab1", "ab2")) == ["aa1", "ab1", "aa2", "ab2"]


def test_whoever_comes_late_waits_for_one_turn_of_each_other() -> None:
    queue = filled("aa1", "aa2", "aa3", "ba1", "ba2")
    assert queue.pop() == "aa1"

    queue.push(("c", "a"), "ca1")

    assert popped(queue) == ["ba1", "aa2", "ca1", "ba2", "aa3"]


def test_it_counts_items_and_owners() -> None:
    queue = filled("aa1", "aa2", "ab1", "ba1")

    assert (len(queue), queue.owners) == (4, 3)


def test_an_empty_one_has_nothing() -> None:
    with pytest.raises(IndexError):
        FairQueue[str]().pop()


@pytest.mark.parametrize("seed", range(20))
def test_nobody_waits_for_more_than_a_turn_of_each_other(seed: int) -> None:
    """Whatever comes when: between two items of one app, no other that waits all the time is left out."""
    chance = random.Random(seed)  # noqa: S311
    queue: FairQueue[str] = FairQueue()
    waiting: dict[str, int] = {}
    passed: dict[str, set[str]] = {}
    for number in range(500):
        if chance.random() < 0.6 or not queue:
            app = chance.choice("abcdef")
            queue.push((app, chance.choice("xyz")), f"{app}{number}")
            waiting[app] = waiting.get(app, 0) + 1
            passed.setdefault(app, set())
            continue
        app = queue.pop()[0]
        for other, since in passed.items():
            if other != app and waiting.get(other):
                assert app not in since, f"{app} went twice while {other} waited"
                since.add(app)
        waiting[app] -= 1
        passed[app] = set()
        if not waiting[app]:
            del passed[app]

    assert len(queue) == sum(waiting.values())
    assert len(popped(queue)) == sum(waiting.values())
    assert queue.owners == 0
