"""The event loop that a server runs on: uvloop's where it is installed, asyncio's otherwise."""

import asyncio
from collections.abc import Callable
from importlib.util import find_spec


def loop_factory(event_loop: str) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes the loop that the setting asks for, as `asyncio.Runner` takes it.

    "auto" is uvloop where that is installed. Raises `ModuleNotFoundError` where it is asked for by name, and
    is not installed.
    """
    if event_loop == "asyncio" or (event_loop == "auto" and find_spec("uvloop") is None):
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop
