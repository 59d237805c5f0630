"""Settings of hypothesis for machines: how many histories they run, and how long each is."""

from hypothesis import Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

#: Phases without shrinking, where it only matters that something is found.
UNSHRUNK = (Phase.generate,)


def holds(share: int, *, steps: int) -> settings:
    """Return settings for what must hold: `share` percent of the profile's histories."""
    chosen = settings()
    return settings(
        chosen, max_examples=max(1, chosen.max_examples * share // 100), stateful_step_count=steps
    )


def finds(machine: type[RuleBasedStateMachine], examples: int, *, steps: int) -> bool:
    """Return whether the machine finds a fault in so many histories.

    A fault that does not repeat in the same history counts, too: the order of concurrent calls may differ.
    """
    try:
        run_state_machine_as_test(machine, settings=detects(examples, steps=steps))
    except (AssertionError, Flaky):
        return True
    return False


def detects(examples: int, *, steps: int) -> settings:
    """Return settings for what is broken on purpose: at most so many histories, the same ones each time."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        phases=UNSHRUNK,
        print_blob=False,
        report_multiple_bugs=False,
    )
