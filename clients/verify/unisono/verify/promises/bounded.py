"""Bounded and Fair: values that were measured stay within the values allowed."""

from collections.abc import Iterator

from unisono.verify.broken_promise import BrokenPromise
from unisono.verify.history import History

BESIDE = "beside"
"""The name of the value that says beside how many busy clients was measured: the annotation is of *Fair*."""


def bounded(history: History) -> Iterator[BrokenPromise]:
    """Yield a case for each annotation whose value `measured` is larger than its value `allowed`.

    It is of *Fair* where the annotation has a value `BESIDE`, else of *Bounded*. An annotation without both
    values is not judged.
    """
    for annotation in history.annotations:
        measured, allowed = annotation.values.get("measured"), annotation.values.get("allowed")
        if measured is not None and allowed is not None and measured > allowed:
            said = f"{annotation.name}: {measured:g} is more than {allowed:g}"
            promise = "Fair" if BESIDE in annotation.values else "Bounded"
            yield BrokenPromise(promise=promise, time=annotation.time, evidence=(said,))
