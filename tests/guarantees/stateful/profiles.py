"""How many histories a machine runs, and how long each is. Knows no machine."""

from hypothesis import Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

#: To see that something is found is enough: nobody reads the history.
UNSHRUNK = (Phase.generate,)


def holds(share: int, *, steps: int) -> settings:
    """For what must hold: so many of a hundred of the histories that the profile asks for."""
    chosen = settings()
    return settings(
        chosen, max_examples=max(1, chosen.max_examples * share // 100), stateful_step_count=steps
    )


def finds(machine: type[RuleBasedStateMachine], examples: int, *, steps: int) -> bool:
    """Whether the machine finds something in so many histories.

    It may be that it does not find it again in the same history: who is first, of those who act at once,
    is not for the machine to say.
    """
    try:
        run_state_machine_as_test(machine, settings=detects(examples, steps=steps))
    except (AssertionError, Flaky):
        return True
    return False


def detects(examples: int, *, steps: int) -> settings:
    """For what is broken on purpose: at most so many histories, the same ones each time."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=True,
        phases=UNSHRUNK,
        print_blob=False,
        report_multiple_bugs=False,
    )
