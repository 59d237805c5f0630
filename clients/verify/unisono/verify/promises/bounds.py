"""Bounded and Fair: what was measured stays within what was allowed."""

from collections.abc import Iterator

from unisono.verify.broken import Broken
from unisono.verify.history import History

BESIDE = "beside"
"""The figure of a fact that was measured beside so many who asked for much: it is about *Fair*."""


def bounded(history: History) -> Iterator[Broken]:
    """Each fact with a figure `measured` and a figure `allowed`."""
    for fact in history.facts:
        measured, allowed = fact.figures.get("measured"), fact.figures.get("allowed")
        if measured is not None and allowed is not None and measured > allowed:
            said = f"{fact.what}: {measured:g} is more than {allowed:g}"
            promise = "Fair" if BESIDE in fact.figures else "Bounded"
            yield Broken(promise=promise, time=fact.time, evidence=(said,))
