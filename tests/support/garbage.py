"""Does without the garbage collector: what is freed meanwhile was in no cycle of references."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect what there is, and nothing inside the context."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
