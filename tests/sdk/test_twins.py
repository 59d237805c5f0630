"""What blocks has the names, arguments and results of what it is a twin of: neither may go on alone."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from unisono.client import (
    BlockingChanges,
    BlockingDevice,
    BlockingEvents,
    BlockingPublisher,
    Changes,
    Device,
    Events,
    Platform,
    Publisher,
)

TARGET = ("localhost:1", "a token")
DEVICE = {"endpoint_id": "till", "platform": Platform.LINUX}

TWINS: list[tuple[Callable[[], object], Callable[[], object]]] = [
    (lambda: Publisher(*TARGET), lambda: BlockingPublisher(*TARGET)),
    (lambda: Device(*TARGET, **DEVICE), lambda: BlockingDevice(*TARGET, **DEVICE)),  # type: ignore[arg-type]
]

#: What a call of asyncio leaves to its caller, by `asyncio.timeout`, is an argument of its twin.
TIMEOUT = "timeout: float | datetime.timedelta | None = None"
MORE = {"events": [TIMEOUT], "wait_for": [TIMEOUT]}

each_twin = pytest.mark.parametrize(("make", "make_twin"), TWINS, ids=["publisher", "device"])


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def parameters(function: Callable[..., Any]) -> list[str]:
    """Return the parameters of a method, but `self`, in the words of the twin that blocks."""
    signature = inspect.signature(function)
    return [str(one).replace("'Device'", "'BlockingDevice'") for one in signature.parameters.values()][1:]


def result(function: Callable[..., Any]) -> str:
    """Return what a method returns, in the words of the twin that blocks."""
    said = str(inspect.signature(function).return_annotation)
    names = re.sub(r"<class '(.*)'>", r"\1", re.sub(r"[\w.]+\.(\w+)", r"\1", said))
    return re.sub(
        r"^(Changes|Events)$", r"Blocking\1", re.sub(r"AsyncGenerator\[(.*), None\]", r"Iterator[\1]", names)
    )


@each_twin
def test_a_twin_has_the_same_names(make: Callable[[], object], make_twin: Callable[[], object]) -> None:
    assert public(make_twin()) == public(make())


@each_twin
def test_a_twin_takes_and_returns_the_same(
    make: Callable[[], object], make_twin: Callable[[], object]
) -> None:
    kind, twin = type(make()), type(make_twin())
    for name in ["__init__", *sorted(public(kind))]:
        original, blocking = inspect.getattr_static(kind, name), inspect.getattr_static(twin, name)
        assert type(blocking) is type(original), name
        if isinstance(original, property):
            original, blocking = original.fget, blocking.fget
        assert parameters(blocking) == parameters(original) + MORE.get(name, []), name
        assert result(blocking) == result(original), name
        assert not inspect.iscoroutinefunction(blocking), name


@pytest.mark.parametrize(("kind", "twin"), [(Changes, BlockingChanges), (Events, BlockingEvents)])
def test_what_a_twin_iterates_over_blocks(kind: type[object], twin: type[object]) -> None:
    by_the_device = {"put", "caught_up", "end"}

    assert public(twin) == public(kind) - by_the_device
    assert hasattr(kind, "__aiter__")
    assert hasattr(twin, "__iter__")
