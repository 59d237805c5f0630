"""Bounded: what was measured stays within what was allowed."""

from collections.abc import Iterator

from unisono.verify.broken import Broken
from unisono.verify.history import History


def bounded(history: History) -> Iterator[Broken]:
    """Each fact with a figure `measured` and a figure `allowed`."""
    for fact in history.facts:
        measured, allowed = fact.figures.get("measured"), fact.figures.get("allowed")
        if measured is not None and allowed is not None and measured > allowed:
            said = f"{fact.what}: {measured:g} is more than {allowed:g}"
            yield Broken(promise="Bounded", time=fact.time, evidence=(said,))
