"""The transport that tests run on (the variable TRANSPORT), and what each does otherwise than the other.

Each name of a test has the fact that it rests on. A test of a list that passes on the other transport fails.
"""

import os
from collections.abc import Mapping
from typing import Final

from tests.support import doors
from unisono.server.api.grpcio.server import GrpcioServer
from unisono.server.api.http_server import HttpServer
from unisono.server.api.transport import MakeServer

NAME: Final = "http" if doors.IS_WEB else os.environ.get("TRANSPORT", "grpcio")

MAKE_SERVER: Final[MakeServer] = HttpServer if NAME == "http" else GrpcioServer

EVENT_LOOP: Final = "auto" if NAME == "http" else "asyncio"
"""The loop on which what runs within this process runs: with one transport the one, and so both are tried."""

OF_GRPCIO_ALONE: Final[Mapping[str, str]] = {
    "tests/api/test_sizes.py::test_beyond_8_mib_the_transport_refuses_without_details": (
        "grpcio refuses what is too large for it before anybody sees it; ours says how large it was"
    ),
    "tests/api/test_door.py::test_a_request_that_is_not_complete_in_time_ends_its_call[some": (
        "grpcio waits for all of a message that is too large; ours refuses it by its first five bytes"
    ),
    "tests/api/test_limits_of_lists.py::test_as_many_as_fit_are_refused_without_a_look_at_them"
    "[BatchSendNotifications.requests]": ("it counts what Python makes, and ours receives in Python"),
    "tests/guarantees/test_bounded.py::test_the_seat_of_a_device_that_vanishes_is_given_up": (
        "grpcio tells of a broken connection by a write that fails, ours by cancelling"
    ),
}
"""Beginnings of names of tests that grpcio passes, and our own transport does not."""

_NEW: Final = "tests/api/test_what_http_adds.py::"

OF_HTTP_ALONE: Final[Mapping[str, str]] = {
    f"{_NEW}test_who_looks_at_the_port": "grpcio speaks HTTP/2 alone, and closes the connection",
    f"{_NEW}test_a_request_that_is_too_large": "grpcio waits for all of a message that is too large",
    f"{_NEW}test_a_device_that_does_not_read": "grpcio ends nothing before the age of its connection",
}
"""Beginnings of names of tests that our own transport passes, and grpcio cannot."""


def fact(nodeid: str) -> str | None:
    """Return why the transport of this run, or its door, does not pass a test; None where they do."""
    others = OF_GRPCIO_ALONE if NAME == "http" else OF_HTTP_ALONE
    found = (why for name, why in others.items() if nodeid.startswith(name))
    return next(found, None) or doors.fact(nodeid)
