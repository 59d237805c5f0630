"""How the demo speaks: one line at a time, with who says it and when."""

import time
from collections.abc import Callable

from unisono.v1 import notification_pb2 as pb

Say = Callable[[str, str], None]

NARRATOR = ""


def narrator() -> Say:
    """Prints lines, each with the milliseconds since the one before it of the narrator."""
    began = time.monotonic()

    def say(who: str, what: str) -> None:
        nonlocal began
        if who == NARRATOR:
            began = time.monotonic()
            print(f"\n{what}", flush=True)
        else:
            passed = (time.monotonic() - began) * 1000
            print(f"  {passed:5.0f} ms  {who:<8} {what}", flush=True)

    return say


def title(row: pb.Notification) -> str:
    """What a person calls a notification."""
    return row.payload.visual_content.title
