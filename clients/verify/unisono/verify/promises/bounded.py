"""Bounded and Fair: what was measured stays within what was allowed."""

from collections.abc import Iterator

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.history import History

BESIDE = "beside"
"""The value of an annotation that was measured beside so many who asked for much: it is about *Fair*."""


def bounded(history: History) -> Iterator[BrokenPromise]:
    """Each annotation with a value `measured` and a value `allowed`."""
    for annotation in history.annotations:
        measured, allowed = annotation.values.get("measured"), annotation.values.get("allowed")
        if measured is not None and allowed is not None and measured > allowed:
            said = f"{annotation.name}: {measured:g} is more than {allowed:g}"
            promise = "Fair" if BESIDE in annotation.values else "Bounded"
            yield BrokenPromise(promise=promise, time=annotation.time, evidence=(said,))
