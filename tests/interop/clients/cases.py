"""The cases, as `README.md` has them, and what of each the table says."""

from collections.abc import Mapping
from typing import Final

CASES: Final[Mapping[str, str]] = {
    "send": "a send, and the same once more: stored once",
    "batch": "a batch of which one is refused, with the details why",
    "list": "a list, page by page",
    "live": "an open stream has what is sent, and what is read",
    "deadline": "a stream whose deadline passes; the connection goes on",
    "cancel": "a stream that is cancelled; the connection goes on",
    "large": "a batch of almost 4 MiB, one of 5 MiB that is refused, and a page of 1 MiB",
    "keepalive": "a stream that is silent for 25 s, with the keepalive that is the library's default",
    "keepalive-10s": "the same with a ping every 10 s, and 15 s without a stream",
    "drain": "the server is stopped and started: Goodbye, and a stream that resumes",
    "goaway": "sends while the server is stopped and started: each is stored once",
    "stranger": "a token that is none is refused, with the details why",
}

#: Those that tell more than one connection, since the server is started anew.
RESTARTED: Final = ("drain", "goaway")
