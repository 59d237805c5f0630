"""Formats the results of a torture for people."""

from collections.abc import Iterator, Sequence

from tests.guarantees.torture.run import Result
from unisono.verify.checker import PROMISES
from unisono.verify.run_stats import RunStats


def lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of the report: statistics, measured values, evidence, and a sum."""
    total = RunStats()
    for result in results:
        total += result.stats
    yield ""
    yield from total.lines()
    yield ""
    for result in results:
        yield from _measured(result)
    for result in results:
        yield from _evidence(result)
    broken = {promise for result in results for promise in result.broken}
    good = sum(result.good for result in results)
    kept = len(PROMISES) - len(broken)
    yield f"{kept} of {len(PROMISES)} promises kept, {good} of {len(results)} trials without a fault"


def outcome(result: Result) -> str:
    """Return the outcome of a trial in a few words."""
    if result.broken:
        return f"broken: {', '.join(result.broken)}"
    return result.failure or "all promises kept"


def _measured(result: Result) -> Iterator[str]:
    for annotation in result.measured:
        more = [f"{name} {value:,.4g}" for name, value in annotation.values.items() if name != "measured"]
        measured = f"{annotation.values['measured']:,.4g} ({', '.join(more)})"
        yield f"{result.trial.name}: {annotation.name}: {measured}"


def _evidence(result: Result) -> Iterator[str]:
    if result.again is None:
        return
    seed, rounds = result.again
    yield ""
    yield f"{result.trial.name}: {outcome(result)}"
    yield from (str(broken) for broken in result.broken.values())
    yield f"again: make torture ONLY={result.trial.name} SEED={seed} ROUNDS={rounds}"
    yield ""
