"""Examples at the end of a command's `--help`."""


def examples(*lines: str) -> str:
    """Return an epilog for click that shows these lines as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
