"""Target policies by their keys: for whom they are, and how much of them is remembered."""

import tracemalloc
from random import Random

from unisono.server.model import Audience, Platform, TargetPolicy
from unisono.server.model.target import is_meant_for, target_key, target_of_key

#: Ids that look like parts of a key.
IDS = (
    "a",
    ",",
    '","',
    "]",
    "],[",
    "[",
    "[[1],[",
    "1",
    "2",
    '"',
    "\\\\",
    '\\\\"',
    "ä",
    "🦉",
    "\\u00e4",
    "a,b",
    "",
)


def test_by_its_key_a_policy_is_for_the_same_endpoints() -> None:
    random = Random(1)  # noqa: S311
    for _ in range(5000):
        policy = TargetPolicy.of(
            random.sample(tuple(Platform), random.randint(0, 3)),
            random.sample(IDS[:-1], random.randint(0, 4)),
        )
        audience = Audience(random.choice(IDS), random.choice((*Platform, 0)))

        assert is_meant_for(policy.key, audience) == policy.includes(audience), (policy, audience)
        assert target_of_key(policy.key) == policy


def test_what_is_remembered_of_long_ones_is_little() -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(600):
            policy = TargetPolicy.of([], [f"{number}-{n:0245}" for n in range(100)])
            target_of_key(target_key(policy))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < 4 * 2**20
